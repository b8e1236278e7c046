"""One emulator for each official client, and a record of what that client called.

A test module asks for `emulator_of` and names its client as tests/official/offered.json does. When
the session ends, the operations that were answered with success are written for coverage.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


class Emulator:
    """A `framekey emulate` of its own: base URLs and keys in `info`, switches by `control`."""

    def __init__(self) -> None:
        command = [os.environ["FRAMEKEY_BIN"], "emulate", "--json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.info: dict[str, Any] = json.loads(self._process.stdout.readline())

    def control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.info["control"] + path, data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or b"null")

    def advance(self, seconds: float) -> None:
        """Moves the emulator's clock ahead."""
        self.control("POST", "/clock", {"advance": seconds})

    def called(self) -> dict[str, Counter[str]]:
        """By service: how often each operation was answered with success."""
        services: dict[str, Counter[str]] = {}
        for entry in self.control("GET", "/journal"):
            if entry["operation"] and 200 <= entry["status"] < 300:
                services.setdefault(entry["service"], Counter())[entry["operation"]] += 1
        return services

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=10)


@pytest.fixture(scope="session")
def emulator_of() -> Iterator[Callable[[str], Emulator]]:
    """`emulator_of("api-video-python")` is that client's emulator, the same for the whole session."""
    running: dict[str, Emulator] = {}

    def emulator(client: str) -> Emulator:
        if client not in running:
            running[client] = Emulator()
        return running[client]

    yield emulator
    folder = os.environ.get("FRAMEKEY_OFFICIAL_OUT")
    for client, one in running.items():
        if folder:
            record = {"client": client, "called": one.called()}
            Path(folder, f"{client}.json").write_text(json.dumps(record))
        one.stop()
