"""The emulator as a process of its own, and clients of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import framekey


class Emulator:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.info: dict[str, Any] = json.loads(process.stdout.readline())

    def control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.info["control"] + path, data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or b"null")

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance": seconds})

    def journal(self) -> list[dict[str, Any]]:
        return self.control("GET", "/journal")

    def clear_journal(self) -> None:
        self.control("DELETE", "/journal")

    def example(self, service: str, operation: str) -> dict[str, Any]:
        """Arguments with which an operation succeeds; what they name is made."""
        return self.control("POST", "/example", {"service": service, "operation": operation})

    def options(self, service: str) -> dict[str, str]:
        return {name: self.info[service][name] for name in ("api_key", "base_url")}

    def api_video(self, **more: Any) -> framekey.ApiVideo:
        return framekey.ApiVideo(**self.options("api-video"), **more)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    command = [os.environ["FRAMEKEY_BINARY"], "emulate", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Emulator(process)
        finally:
            process.send_signal(signal.SIGINT)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[BaseHTTPRequestHandler], None]], str]]:
    """Starts a service that answers as a function says; gives its base URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                answer(self)

            do_GET = do_POST = do_DELETE = handle_one

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
