"""The control plane from Python, and the fixtures for pytest."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import framekey
from framekey import _emulator_types as types
from framekey.emulator import Emulator, EmulatorError

BIRTH = datetime(2026, 1, 31, tzinfo=timezone.utc)


def test_the_clock_is_the_tests(framekey_emulator: Emulator) -> None:
    assert framekey_emulator.freeze(BIRTH) == framekey_emulator.now() == BIRTH
    assert framekey_emulator.advance(1.5) == BIRTH + timedelta(seconds=1.5)
    assert framekey_emulator.advance(timedelta(hours=1)) == framekey_emulator.now()
    assert framekey_emulator.set_speed(1_000_000) < framekey_emulator.now()
    with pytest.raises(EmulatorError, match="POST /clock: speed: a number from 0"):
        framekey_emulator.set_speed(-1)
    with pytest.raises(ValueError, match="time zone"):
        framekey_emulator.freeze(datetime(2026, 1, 31))


def test_faults_are_planted_counted_and_cleared(framekey_emulator: Emulator) -> None:
    tl = framekey.TwelveLabs(**framekey_emulator.twelve_labs)
    framekey_emulator.fault(service="twelve-labs", operation="indexes.*", calls=[2], status=503)
    tl.indexes.list()
    with pytest.raises(framekey.InternalServerError):
        tl.indexes.list()
    assert [(fault["seen"], fault["met"]) for fault in framekey_emulator.faults()] == [(2, 1)]
    framekey_emulator.clear_faults()
    assert framekey_emulator.faults() == []


def test_journal_counters_switches_and_revocation(framekey_emulator: Emulator) -> None:
    before = framekey_emulator.switches()
    assert framekey_emulator.switch(api_video={"token_life": 60})["api_video"]["token_life"] == 60
    assert framekey_emulator.switches() != before
    with framekey.ApiVideo(**framekey_emulator.api_video) as av:
        av.videos.list()
        assert framekey_emulator.revoke_access_tokens() == 1
        av.videos.list()
    operations = [entry["operation"] for entry in framekey_emulator.journal()]
    assert operations.count("access_tokens.create") == 2
    assert framekey_emulator.counters()["api-video"]["access_tokens.create"] == 2
    framekey_emulator.clear_journal()
    assert framekey_emulator.journal() == []


def test_state_and_scenarios(framekey_emulator: Emulator) -> None:
    with framekey.ApiVideo(**framekey_emulator.api_video) as av:
        av.videos.create(title="kept")
        saved = framekey_emulator.snapshot()
        key = framekey_emulator.api_video.api_key
        framekey_emulator.apply({"credentials": {"api_video_key": "a-key-of-ours"}})
        assert framekey_emulator.api_video.api_key == "a-key-of-ours"
        framekey_emulator.restore(saved)
        assert framekey_emulator.api_video.api_key == key
        assert [video["title"] for video in av.videos.list()["data"]] == ["kept"]
        framekey_emulator.reset()
        assert framekey_emulator.api_video.api_key == "a-key-of-ours", "as the last scenario has it"
    with pytest.raises(EmulatorError, match="POST /scenario: faults: invalid type"):
        framekey_emulator.apply({"faults": 1})


def test_a_state_file_is_loaded_and_saved(tmp_path: pathlib.Path) -> None:
    for count in range(2):
        with Emulator(state=tmp_path / "state.json") as emulator, framekey.ApiVideo(**emulator.api_video) as av:
            assert len(av.videos.list()["data"]) == count
            av.videos.create(title="kept")


def test_the_types_have_the_emulators_fields(framekey_emulator: Emulator) -> None:
    def known(path: str, document: Any) -> set[str]:
        with pytest.raises(EmulatorError) as caught:
            framekey_emulator.control("POST", path, document)
        return set(str(caught.value).partition("expected ")[2].split("`")[1::2])

    for kind, path, document in [
        (types.Fault, "/faults", {"?": 1}),
        (types.Drip, "/faults", {"drip": {"?": 1}}),
        (types.Switches, "/switches", {"?": 1}),
        (types.ApiVideoSwitches, "/switches", {"api_video": {"?": 1}}),
        (types.TwelveLabsSwitches, "/switches", {"twelve_labs": {"?": 1}}),
        (types.VideoVectorSwitches, "/switches", {"videovector": {"?": 1}}),
        (types.TlsSwitches, "/switches", {"tls": {"?": 1}}),
        (types.RateLimit, "/switches", {"rate_limits": [{"?": 1}]}),
    ]:
        assert set(kind.__annotations__) == known(path, document), kind


SUITE = """
import framekey

def test_one(framekey_emulator):
    framekey_emulator.fault(status=503)
    with framekey.ApiVideo(**framekey_emulator.api_video, timeout=5) as av:
        try:
            av.videos.list()
        except framekey.FramekeyError:
            pass

def test_two(framekey_emulator):
    assert framekey_emulator.journal() == [] and framekey_emulator.faults() == []
    with framekey.ApiVideo(**framekey_emulator.api_video) as av:
        assert av.videos.list()["data"] == []

def test_without():
    pass
"""


README = pathlib.Path(__file__).parents[1] / "README.md"


def test_the_fixture_is_there_for_whoever_has_the_package(tmp_path: pathlib.Path) -> None:
    suite = tmp_path / "test_suite.py"
    (example,) = [text for text in README.read_text(encoding="utf-8").split("```python\n") if "def test_" in text]
    suite.write_text(SUITE + example.partition("```")[0])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and "4 passed" in run.stdout, run.stdout + run.stderr
    without = {**os.environ, "FRAMEKEY_BIN": "no/such"}
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=without)
    assert "1 passed, 3 errors" in run.stdout and "`no/such` (FRAMEKEY_BIN) was not found" in run.stdout, run.stdout
