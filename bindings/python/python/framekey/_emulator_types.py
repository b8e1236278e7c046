"""The parts of a scenario, for type checkers: what is left out stays or does not count."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Drip(TypedDict, total=False):
    bytes: int
    seconds: float


class Fault(TypedDict, total=False):
    """Which calls, and what goes wrong with them; the README of framekey-emulator explains each field."""

    service: str
    operation: str
    calls: list[int]
    every: int
    probability: float
    times: int
    status: int
    headers: dict[str, str]
    body: Any
    text: str
    base64: str
    size: int
    redirect: str
    reset: bool
    stall: bool
    goaway: Literal["graceful", "abrupt"]
    code: str
    raw: str
    set: dict[str, Any]
    remove: list[str]
    rebase: str
    cut: int
    drip: Drip
    delay: float
    after_commit: bool


class ApiVideoSwitches(TypedDict, total=False):
    token_life: int
    refuse_access_tokens: bool
    refresh_once: bool
    reuse_grace: float | None
    bare_authorization: bool
    wrong_key_status: int


class TwelveLabsSwitches(TypedDict, total=False):
    key_days: int | None
    old_refusals: bool


class VideoVectorSwitches(TypedDict, total=False):
    key_delay: float
    bearer_life: int | None


class TlsSwitches(TypedDict, total=False):
    https: bool
    certificate: str
    version: Literal["1.1", "1.2", "1.3"] | None
    http2: bool


class RateLimit(TypedDict, total=False):
    service: str
    operation: str
    limit: int
    window: float


class Switches(TypedDict, total=False):
    """How the services behave where it can be chosen."""

    api_video: ApiVideoSwitches
    twelve_labs: TwelveLabsSwitches
    videovector: VideoVectorSwitches
    tls: TlsSwitches
    rate_limits: list[RateLimit]
    webhook_authority: str | None
    journal_limit: int
