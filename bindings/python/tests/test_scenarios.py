"""Every scenario of ``tests/scenarios`` has the outcome that ``tests/scenario-outcomes.json`` gives for all languages."""

from __future__ import annotations

import json
import pathlib
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime
from functools import reduce
from typing import Any

import pytest

import framekey
from framekey.emulator import Emulator

TESTS = pathlib.Path(__file__).parents[3] / "tests"
OUTCOMES: dict[str, list[dict[str, Any]]] = json.loads((TESTS / "scenario-outcomes.json").read_text(encoding="utf-8"))
CLASSES = {"api-video": framekey.ApiVideo, "twelve-labs": framekey.TwelveLabs, "videovector": framekey.VideoVector}


def pointed(document: Any, pointer: str) -> Any:
    return reduce(lambda value, name: value[int(name) if isinstance(value, list) else name], pointer.split("/")[1:], document)


def put(address: str, timeout: float) -> int | None:
    """The status of an upload to a presigned address, None where no answer came."""
    request = urllib.request.Request(address, data=bytes(9), method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Story:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        access = {"api-video": emulator.api_video, "twelve-labs": emulator.twelve_labs, "videovector": emulator.videovector}
        self.access: dict[str, Any] = access
        self.saved = {"$api_key": emulator.api_video.api_key, "$jwt": emulator.videovector.jwt}
        self.clients: dict[str, Any] = {}

    def filled(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: self.saved.get(value, value) for name, value in values.items()}

    def client(self, step: dict[str, Any], service: str) -> Any:
        credential = self.filled(step.get("credential", {"api_key": self.access[service].api_key}))
        name = f"{service} {credential}"
        if name not in self.clients:
            base_url = self.access[service].base_url
            self.clients[name] = CLASSES[service](base_url=base_url, **credential)
        return self.clients[name]

    def call(self, step: dict[str, Any]) -> tuple[Any, framekey.FramekeyError | None]:
        service, operation = step["call"].split()
        verb: Any = self.client(step, service)
        for name in operation.split("."):
            verb = getattr(verb, name)
        try:
            return verb(**self.filled(step.get("arguments", {})), timeout=step.get("timeout", 10)), None
        except framekey.FramekeyError as error:
            return None, error

    def play(self, step: dict[str, Any]) -> None:
        if "advance" in step:
            self.emulator.advance(step["advance"])
        elif "now" in step:
            assert self.emulator.now() == datetime.fromisoformat(step["now"].replace("Z", "+00:00"))
        elif "key" in step:
            assert self.access[step["key"]].api_key == step["is"]
        elif "counters" in step:
            counted = self.emulator.counters()
            for part, counters in step["counters"].items():
                assert {name: counted[part].get(name, 0) for name in counters} == counters
        elif "put" in step:
            assert put(self.saved[step["put"]], step.get("timeout", 10)) == step["status"], step
        elif "tally" in step:
            calls = (self.call(step)[1] for _ in range(step["repeat"]))
            assert Counter("ok" if error is None else error.code for error in calls) == step["tally"]
        else:
            answer, error = self.call(step)
            assert (None if error is None else error.code) == step.get("error"), f"{step}: {error}"
            if "retry_after" in step:
                assert error is not None and error.retry_after == step["retry_after"]
            if "server_code" in step:
                assert error is not None and error.server_code == step["server_code"]
            for pointer, value in step.get("answer", {}).items():
                assert pointed(answer, pointer) == value
            self.saved |= {f"${name}": pointed(answer, pointer) for name, pointer in step.get("save", {}).items()}


def test_every_scenario_has_an_outcome() -> None:
    assert sorted(path.stem for path in (TESTS / "scenarios").glob("*.json")) == sorted(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_e36_scenario(name: str) -> None:
    with Emulator(scenario=TESTS / "scenarios" / f"{name}.json") as emulator:
        story = Story(emulator)
        for step in OUTCOMES[name]:
            story.play(step)
