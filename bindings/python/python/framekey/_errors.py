"""The base of all exceptions, and how they are made from what the native half reports."""

from __future__ import annotations


class FramekeyError(Exception):
    """Any failure of framekey. Neither its text nor its attributes hold a secret."""

    kind: str = "internal"
    """What went wrong, for code to match on: ``rate_limited``."""
    code: str | None = None
    """The stable code that tells cases of a kind apart: ``auth.wrong_kind``."""
    service: str | None = None
    """The service that is concerned: ``api-video``."""
    operation: str | None = None
    """The operation that is concerned: ``videos.list``."""
    status: int | None = None
    """The HTTP status, if the service answered."""
    server_code: str | None = None
    """The service's own code, if it gave one."""
    server_message: str | None = None
    """The service's own words, if it gave any."""
    parameter: str | None = None
    """The parameter that the service found wrong, if it named one."""
    request_id: str | None = None
    """The service's number for the request, for its support."""
    attempts: int = 0
    """How often the operation was sent; 0: not at all."""
    retry_after: float | None = None
    """How many seconds the service asks to wait."""


def from_native(message: str, fields: dict[str, object]) -> FramekeyError:
    """The exception of a kind, with the attributes that are known."""
    from .generated.errors import KINDS

    error = KINDS.get(str(fields["kind"]), FramekeyError)(message)
    for name, value in fields.items():
        if value is not None:
            setattr(error, name, value)
    return error


def usage(code: str, message: str) -> FramekeyError:
    """A call that is wrong before the native half sees it."""
    return from_native(f"{message} [{code}]", {"kind": "usage", "code": code})
