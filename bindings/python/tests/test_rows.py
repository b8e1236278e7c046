"""Every row of the operation table as a call of the installed package."""

from __future__ import annotations

import asyncio
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

import framekey

GENERATED = pathlib.Path(__file__).parents[2] / "generated" / "calls.json"
CALLS: list[dict[str, Any]] = json.loads(GENERATED.read_text(encoding="utf-8"))

# Objects that must exist before something can be done with them, by service and argument.
MAKERS: dict[tuple[str, str], Callable[[Any, Any], str]] = {
    ("api-video", "video_id"): lambda av, _: av.videos.create(title="made for a test")["videoId"],
    ("api-video", "upload_token"): lambda av, _: av.upload_tokens.create()["token"],
    ("api-video", "api_key"): lambda _, emulator: emulator.api_video.api_key,
    ("api-video", "refresh_token"): lambda av, emulator: av.access_tokens.create(
        api_key=emulator.api_video.api_key
    )["refresh_token"],
    ("videovector", "key_id"): lambda vv, _: vv.api_keys.create(name="made for a test")["key_id"],
}


def make(emulator: Any, api_video: Any, twelve_labs: Any, videovector: Any) -> dict[str, Any]:
    token = framekey.ApiVideo(**emulator.api_video).upload_tokens.create()["token"]
    return {
        "api-video": api_video(**emulator.api_video, upload_token=token),
        "twelve-labs": twelve_labs(**emulator.twelve_labs),
        "videovector": videovector(**emulator.videovector, jwt=emulator.videovector.jwt, auth_mode="api_key"),
    }


@pytest.fixture(scope="module")
def clients(emulator: Any) -> dict[str, Any]:
    return make(emulator, framekey.ApiVideo, framekey.TwelveLabs, framekey.VideoVector)


@pytest.fixture(scope="module")
def async_clients(emulator: Any) -> dict[str, Any]:
    return make(emulator, framekey.AsyncApiVideo, framekey.AsyncTwelveLabs, framekey.AsyncVideoVector)


def test_there_are_259_rows() -> None:
    assert len(CALLS) == 259


def prepared(call: dict[str, Any], client: Any, maker: Any, emulator: Any) -> Callable[[], Any]:
    """The method of a row with its arguments; `maker` makes what they name."""
    arguments = dict(call["arguments"])
    for (service, name), make in MAKERS.items():
        if service == call["service"] and name in arguments:
            arguments[name] = make(maker, emulator)
    arguments |= emulator.control("POST", "/example", {name: call[name] for name in ("service", "operation")})
    path = [arguments.pop(name) for name in call["path"]]
    arguments |= {name: b"a few bytes" for name in call["files"]}
    target = client
    for name in call["operation"].split("."):
        target = getattr(target, name)
    emulator.clear_journal()
    return lambda: target(*path, **arguments)


def succeeded(call: dict[str, Any], emulator: Any) -> None:
    last = emulator.journal()[-1]
    assert last["operation"] == call["operation"]
    assert 200 <= last["status"] < 300


every_row = pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['service']}-{call['operation']}")


@every_row
def test_row(call: dict[str, Any], clients: dict[str, Any], emulator: Any) -> None:
    client = clients[call["service"]]
    prepared(call, client, client, emulator)()
    succeeded(call, emulator)


@every_row
def test_row_async(call: dict[str, Any], clients: dict[str, Any], async_clients: dict[str, Any], emulator: Any) -> None:
    service = call["service"]
    made = prepared(call, async_clients[service], clients[service], emulator)
    asyncio.run(made())
    succeeded(call, emulator)
