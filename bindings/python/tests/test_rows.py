"""Every row of the operation table as a call of the installed package."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def clients(emulator: Any) -> dict[str, Any]:
    token = framekey.ApiVideo(**emulator.api_video).upload_tokens.create()["token"]
    return {
        "api-video": framekey.ApiVideo(**emulator.api_video, upload_token=token),
        "twelve-labs": framekey.TwelveLabs(**emulator.twelve_labs),
        "videovector": framekey.VideoVector(**emulator.videovector, jwt=emulator.videovector.jwt, auth_mode="api_key"),
    }


def test_there_are_259_rows() -> None:
    assert len(CALLS) == 259


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['service']}-{call['operation']}")
def test_row(call: dict[str, Any], clients: dict[str, Any], emulator: Any) -> None:
    client = clients[call["service"]]
    arguments = dict(call["arguments"])
    for (service, name), make in MAKERS.items():
        if service == call["service"] and name in arguments:
            arguments[name] = make(client, emulator)
    arguments |= emulator.control("POST", "/example", {name: call[name] for name in ("service", "operation")})
    path = [arguments.pop(name) for name in call["path"]]
    arguments |= {name: b"a few bytes" for name in call["files"]}
    target = client
    for name in call["operation"].split("."):
        target = getattr(target, name)
    emulator.clear_journal()
    target(*path, **arguments)
    last = emulator.journal()[-1]
    assert last["operation"] == call["operation"]
    assert 200 <= last["status"] < 300
