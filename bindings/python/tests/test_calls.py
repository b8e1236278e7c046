"""What a call does: tokens, values, threads, interrupts, forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest

import framekey


def exchanges(emulator: Any) -> int:
    """How many there were since the journal was cleared."""
    return [entry["operation"] for entry in emulator.journal()].count("access_tokens.create")


def test_e01_64_threads_at_an_ended_token_share_one_exchange(emulator: Any) -> None:
    with framekey.ApiVideo(**emulator.api_video) as av:
        av.videos.list(page_size=1)
        emulator.clear_journal()
        emulator.advance(3700)
        with ThreadPoolExecutor(64) as pool:
            pages = list(pool.map(lambda _: av.videos.list(page_size=1), range(64)))
        assert all(isinstance(page["data"], list) for page in pages)
        journal = emulator.journal()
        assert [entry["operation"] for entry in journal].count("access_tokens.create") == 1
        assert [(entry["operation"], entry["status"]) for entry in journal].count(("videos.list", 200)) == 64


def test_e01_8_clients_of_8_threads_share_one_exchange_also_after_an_early_revocation(emulator: Any) -> None:
    emulator.advance(3700)
    clients = [framekey.ApiVideo(**emulator.api_video) for _ in range(8)]

    def made() -> int:
        emulator.clear_journal()
        with ThreadPoolExecutor(64) as pool:
            list(pool.map(lambda number: clients[number % 8].videos.list(page_size=1), range(64)))
        return exchanges(emulator)

    assert made() == 1
    assert made() == 0
    emulator.revoke_access_tokens()
    assert made() == 1
    clients[0].close()
    clients[0] = framekey.ApiVideo(**emulator.api_video)
    assert made() == 0


def test_values_pass_as_they_are(emulator: Any) -> None:
    with framekey.ApiVideo(**emulator.api_video) as av:
        title = "Ünïcode – 影片"
        made = av.videos.create(title=title, tags=["a", "b"], metadata=({"key": "k", "value": "v"},))
        assert made["title"] == title
        assert made["tags"] == ["a", "b"]
        assert len(av.videos.list(title=title)["data"]) == 1
        assert av.videos.delete(made["videoId"]) is None


def test_what_is_left_out_is_not_sent_and_none_is_null(serve: Any) -> None:
    bodies = []

    def answer(request: Any) -> None:
        bodies.append(request.rfile.read(int(request.headers["content-length"])))
        request.send_response(204)
        request.end_headers()

    av = framekey.ApiVideo(api_key="k", auth_mode="basic", base_url=serve(answer))
    av.videos.create(title="t", player_id=None)  # type: ignore[arg-type]
    assert bodies == [b'{"playerId":null,"title":"t"}']


def test_dates_and_names_that_python_keeps_for_itself(serve: Any) -> None:
    paths = []

    def answer(request: Any) -> None:
        paths.append(request.path)
        request.send_response(204)
        request.end_headers()

    av = framekey.ApiVideo(api_key="k", auth_mode="basic", base_url=serve(answer))
    when = datetime(2026, 1, 2, tzinfo=timezone.utc)
    av.analytics.get_aggregate("play", "count", from_=when)  # type: ignore[arg-type]
    assert paths == ["/data/metrics/play/count?from=2026-01-02T00%3A00%3A00%2B00%3A00"]


def test_what_is_not_json_comes_as_bytes(serve: Any) -> None:
    def answer(request: Any) -> None:
        request.send_response(200)
        request.send_header("content-type", "text/vtt")
        request.end_headers()
        request.wfile.write(b"WEBVTT")

    vv = framekey.VideoVector(api_key="k", base_url=serve(answer))
    assert vv.exports.download("export-1") == b"WEBVTT"


def test_other_threads_go_on_while_a_call_waits(serve: Any) -> None:
    def answer(request: Any) -> None:
        time.sleep(0.5)
        request.send_response(204)
        request.end_headers()

    tl = framekey.TwelveLabs(api_key="k", base_url=serve(answer))
    waiting = threading.Thread(target=lambda: tl.indexes.delete("i"))
    waiting.start()
    steps = 0
    while waiting.is_alive():
        steps += 1
        time.sleep(0.005)
    assert steps > 20


SLOW = """
import http.server, signal, threading, framekey, sys
# A shell starts its background jobs with SIGINT ignored, and Python leaves that as it is.
signal.signal(signal.SIGINT, signal.default_int_handler)
class Never(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        threading.Event().wait()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Never)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
tl = framekey.TwelveLabs(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}")
print("waiting", flush=True)
try:
    tl.indexes.list()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_e16_ctrl_c_ends_a_waiting_call() -> None:
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        time.sleep(0.3)
        start = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
        assert time.monotonic() - start < 1
        assert child.wait(5) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_client_works_on_after_a_fork(emulator: Any) -> None:
    with framekey.ApiVideo(**emulator.api_video) as av:
        av.videos.list(page_size=1)
        child = os.fork()
        if child == 0:
            try:
                av.videos.list(page_size=1)
                os._exit(0)
            finally:
                os._exit(1)
        deadline = time.monotonic() + 10
        while (done := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.02)
        if done == (0, 0):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert done == (child, 0)
        av.videos.list(page_size=1)


def test_a_closed_client_refuses_calls_and_closing_sends_nothing(emulator: Any) -> None:
    av = framekey.ApiVideo(**emulator.api_video)
    av.videos.list()
    emulator.clear_journal()
    av.close()
    av.close()
    assert emulator.journal() == []
    with pytest.raises(framekey.UsageError) as caught:
        av.videos.list()
    assert caught.value.code == "usage.closed"
