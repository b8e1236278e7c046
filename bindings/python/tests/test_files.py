"""File arguments: what is taken, and that the bytes arrive as they are."""

from __future__ import annotations

import io
import pathlib
from typing import Any

import pytest

import framekey
from framekey import UsageError

DATA = bytes(range(251)) * 1200


class Captured:
    """Takes forms as a service does and keeps the file in them."""

    def __init__(self) -> None:
        self.file = b""
        self.head = ""
        self.announced = 0

    def __call__(self, request: Any) -> None:
        self.announced = int(request.headers["content-length"])
        body = request.rfile.read(self.announced)
        boundary = request.headers["content-type"].split("boundary=")[1].encode()
        part = next(part for part in body.split(b"--" + boundary) if b'name="file"' in part)
        head, self.file = part.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.file = self.file.removesuffix(b"\r\n")
        request.send_response(204)
        request.end_headers()


@pytest.fixture
def captured() -> Captured:
    return Captured()


@pytest.fixture
def client(serve: Any, captured: Captured) -> framekey.ApiVideo:
    return framekey.ApiVideo(api_key="k", auth_mode="basic", base_url=serve(captured))


@pytest.fixture
def clip(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "a clip.mp4"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("form", [str, pathlib.Path], ids=["text", "path-like"])
def test_a_path(form: Any, client: Any, captured: Captured, clip: pathlib.Path) -> None:
    client.videos.upload("vi1", file=form(clip))
    assert captured.file == DATA
    assert 'filename="a clip.mp4"' in captured.head


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview], ids=lambda form: form.__name__)
def test_bytes(form: Any, client: Any, captured: Captured) -> None:
    client.videos.upload("vi1", file=form(DATA))
    assert captured.file == DATA


def test_an_open_file_is_sent_from_where_it_stands(client: Any, captured: Captured, clip: pathlib.Path) -> None:
    with clip.open("rb") as file:
        file.seek(1000)
        client.videos.upload("vi1", file=file)
    assert captured.file == DATA[1000:]


def test_a_file_that_is_not_on_disk_is_read(client: Any, captured: Captured) -> None:
    client.videos.upload("vi1", file=io.BytesIO(DATA))
    assert captured.file == DATA


def test_what_is_no_file_is_refused(client: Any, clip: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = clip.open(encoding="latin-1")
    for bad in [text, io.StringIO("text"), 5, tmp_path / "none.mp4", tmp_path]:
        with pytest.raises(UsageError) as caught:
            client.videos.upload("vi1", file=bad)
        assert caught.value.code == "usage.bad_file", bad
        assert "file" in str(caught.value)
    text.close()


def test_the_emulator_counts_the_bytes(emulator: Any, clip: pathlib.Path) -> None:
    with framekey.ApiVideo(**emulator.api_video) as av:
        video_id = av.videos.create(title="from disk")["videoId"]
        emulator.clear_journal()
        assert av.videos.upload(video_id, file=clip)["videoId"] == video_id
        assert emulator.journal()[-1]["body_bytes"] == len(DATA)


def test_options_that_name_a_file_take_a_path(tmp_path: pathlib.Path, emulator: Any) -> None:
    access = emulator.api_video
    file = tmp_path / "key"
    file.write_text(access.api_key)
    file.chmod(0o600)
    with framekey.ApiVideo(api_key_file=file, base_url=access.base_url) as av:
        assert isinstance(av.videos.list()["data"], list)
    missing = tmp_path / "no-such-file"
    with pytest.raises(framekey.ConfigurationError, match="no-such-file"):
        framekey.ApiVideo(api_key="k", ca_bundle=missing)
    with pytest.raises(framekey.CredentialError, match="no-such-file"):
        framekey.ApiVideo(config_file=missing)
    # No other option takes one: a key would be the file's name.
    with pytest.raises(framekey.ConfigurationError, match="`api_key` takes a text"):
        framekey.ApiVideo(api_key=file)  # type: ignore[arg-type]
