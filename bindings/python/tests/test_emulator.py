"""The emulator as a user's tests start it: found, ready, ended, and what is said where it is not."""

from __future__ import annotations

import asyncio
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

import framekey
from framekey.emulator import Emulator, EmulatorError

COMMAND = os.environ["FRAMEKEY_BIN"]


def listens(url: str) -> bool:
    host, port = url.split("/")[2].split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def within_a_second(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 1
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_e36_it_starts_serves_and_ends() -> None:
    with Emulator() as emulator:
        for access in (emulator.api_video, emulator.api_video_sandbox):
            assert framekey.ApiVideo(**access).videos.list()["data"] == []
        assert framekey.TwelveLabs(**emulator.twelve_labs).indexes.list()["data"] == []
        assert isinstance(framekey.VideoVector(**emulator.videovector).indexes.list(), list)
        vector = emulator.videovector
        assert framekey.VideoVector(base_url=vector.base_url, jwt=vector.jwt).api_keys.create(name="n")["key_id"]
        assert list(vector) == ["base_url", "api_key"] and dict(vector) == {**vector}
        url = emulator.api_video.base_url
        shown = f"{emulator!r} {emulator.api_video!r} {vars(emulator).keys()}"
        assert url in shown and emulator.api_video.api_key not in shown
    assert not listens(url)
    with pytest.raises(EmulatorError, match="is not running"):
        emulator.api_video
    with pytest.raises(EmulatorError, match="runs already"), emulator:
        assert emulator.journal() == [], "a fresh one"
        emulator.start()


def test_e36_async_with_and_two_at_once() -> None:
    async def two() -> None:
        async with Emulator() as one, Emulator(scenario={"seed": 2}) as other:
            assert one.api_video.base_url != other.api_video.base_url
            assert one.api_video.api_key != other.api_video.api_key
            framekey.ApiVideo(**one.api_video).videos.create(title="only here")
            assert framekey.ApiVideo(**other.api_video).videos.list()["data"] == []

    asyncio.run(two())


def test_e36_a_killed_parent_leaves_no_emulator() -> None:
    program = """
import time
from framekey.emulator import Emulator
emulator = Emulator().start()
print(emulator.api_video.base_url, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert listens(url)
        parent.kill()
        assert within_a_second(lambda: not listens(url))


def test_one_that_nobody_stops_ends_with_the_program() -> None:
    program = "from framekey.emulator import Emulator; e = Emulator().start(); print(e.api_video.base_url)"
    url = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert within_a_second(lambda: not listens(url.strip()))


def test_it_goes_on_when_ctrl_c_is_for_the_tests() -> None:
    program = """
import os, signal
from framekey.emulator import Emulator
with Emulator() as emulator:
    try:
        os.killpg(0, signal.SIGINT)
        signal.pause()
    except KeyboardInterrupt:
        print(emulator.journal())
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, start_new_session=True)
    assert run.stdout == "[]\n", run.stderr


def said(**options: Any) -> str:
    with pytest.raises(EmulatorError) as caught:
        Emulator(**options).start()
    return str(caught.value)


def test_where_the_command_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("FRAMEKEY_BIN", str(tmp_path / "variable"))
    message = said(binary=tmp_path / "argument")
    assert "argument` (the argument `binary`) was not found. Install it with `cargo install framekey-cli`" in message
    assert "variable` (FRAMEKEY_BIN) was not found" in said()
    monkeypatch.delenv("FRAMEKEY_BIN")
    monkeypatch.setenv("PATH", str(tmp_path))
    message = said()
    assert "`framekey` (on PATH, since neither `binary` nor FRAMEKEY_BIN is set) was not found" in message
    shutil.copy(COMMAND, tmp_path / "framekey")
    with Emulator() as emulator:
        assert emulator.journal() == []
    (tmp_path / "framekey").chmod(0o600)
    assert os.geteuid() == 0 or "cannot be run: Permission denied" in said()


def program(folder: pathlib.Path, text: str) -> str:
    file = folder / "framekey"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return str(file)


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("echo out of luck >&2; exit 3", "ended with 3. It said: out of luck"),
        ("echo bad dream >&2; kill -9 $$", "was ended by signal 9. It said: bad dream"),
        ("echo hello", "is not the framekey command: it said `hello`"),
        ("echo '[]'", "is not the framekey command: it said `[]`"),
        ("printf half", "ended with 0, without a word"),
        ("echo dozing >&2; exec sleep 60", "was not ready within 0.3 seconds. It said: dozing"),
        ("sleep 60; exit 1", "was not ready within 0.3 seconds, without a word"),
        ("""echo '{"control": "http://x"}'""", "is version unknown, and this package is"),
        ("""echo '{"control": "http://x", "version": "7.0.0"}'""", "`cargo install framekey-cli --version"),
    ],
)
def test_a_command_that_is_none_is_told_with_what_it_said(tmp_path: pathlib.Path, does: str, message: str) -> None:
    path = program(tmp_path, does)
    start = time.monotonic()
    found = said(binary=path, start_timeout=0.3 if "sleep" in does else 10)
    assert message in found and path in found
    assert time.monotonic() - start < 3


def test_a_port_in_use_and_a_wrong_scenario_are_told() -> None:
    with Emulator() as emulator:
        port = int(emulator.api_video.base_url.split(":")[2].split("/")[0])
        assert f"port {port} on 127.0.0.1 is in use" in said(port=port)
    with Emulator(port=port) as emulator:
        assert f":{port}/" in emulator.api_video.base_url
    assert "scenario of the emulator: faults[0].status: invalid type" in said(scenario={"faults": [{"status": "x"}]})
    assert "no/such.json: there is no such file" in said(scenario="no/such.json")


def test_an_emulator_that_died_says_so() -> None:
    with Emulator() as emulator:
        assert emulator._process is not None
        emulator._process._child.send_signal(signal.SIGKILL)
        assert within_a_second(lambda: not listens(emulator.api_video.base_url))
        with pytest.raises(EmulatorError, match="GET /journal: the emulator was ended by signal 9"):
            emulator.journal()


def test_no_proxy_sees_the_control_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Emulator() as emulator:
        assert emulator.journal() == []


def test_ready_in_time_and_nothing_for_those_who_do_not_use_it() -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        with Emulator():
            times.append(time.perf_counter() - start)
    # The goal is 100 ms; others build on this machine, so the best of five counts.
    assert min(times) < 0.1, times
    code = "import sys, framekey.pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not re.search(r"framekey\.(_native|emulator|_launch|generated)", loaded)
