"""The package as it is installed: where it is, what importing it does, that it is typed."""

from __future__ import annotations

import importlib.metadata
import pathlib
import subprocess
import sys

import pytest

import framekey


def test_it_is_the_installed_one() -> None:
    assert "site-packages" in pathlib.Path(framekey.__file__).parts


def test_it_needs_nothing_else() -> None:
    assert importlib.metadata.requires("framekey") is None
    assert framekey.__version__ == importlib.metadata.version("framekey")


def test_importing_it_loads_no_service_and_starts_no_thread() -> None:
    code = """
import sys, threading
before = set(sys.modules)
import framekey
assert threading.active_count() == 1
new = set(sys.modules) - before
assert not any("native" in name or "generated" in name for name in new), new
framekey.TwelveLabs
assert "framekey.generated.twelve_labs" in sys.modules
assert "framekey.generated.api_video" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_its_names_can_be_listed_and_others_are_errors() -> None:
    for name in dir(framekey):
        assert getattr(framekey, name) is not None, name
    with pytest.raises(AttributeError):
        framekey.ApiVideos
    everything: dict[str, object] = {}
    exec("from framekey import *", everything)
    assert {"ApiVideo", "AsyncVideoVector", "NotFoundError"} <= everything.keys()


PROGRAM = """
from framekey import ApiVideo, AsyncApiVideo, NotFoundError, TwelveLabs, VideoVector, UNSET

with ApiVideo(api_key="k", sandbox=True) as av:
    try:
        page = av.videos.list(page_size=50, tags=["a"])
    except NotFoundError as error:
        wait: float | None = error.retry_after
    av.videos.upload("vi1", file=b"x")
    reveal_type(av.videos.discarded)
TwelveLabs().indexes.indexed_assets.list("index", page_limit=UNSET)
VideoVector(jwt="j").api_keys.rotate("key", timeout=5)
av.videos.get(1)
av.videos.list(page_sise=50)
av.videos.fetch("vi1")
async def main() -> None:
    async with AsyncApiVideo(api_key="k") as own:
        title: str = (await own.videos.get("vi1"))["title"]
        await own.videos.list(page_sise=50)
        own.videos.list()
        reveal_type(own.videos.discarded)
"""


def test_its_types_are_checked(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)]
    output = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    assert "VideosDiscardedResource" in output, output
    found = [line.split(": ", 1)[0].rsplit(":", 1)[1] for line in output.splitlines() if ": error:" in line]
    assert "AsyncVideosDiscardedResource" in output, output
    assert found == ["13", "14", "15", "19", "20"], output
