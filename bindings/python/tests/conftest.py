"""The emulator that all tests share, and services that answer as a test says."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from framekey.emulator import Emulator

# Where dates of first use are kept: not in the folder of whoever runs the tests.
CONFIGURATION = tempfile.TemporaryDirectory(prefix="framekey-tests-")
os.environ["XDG_CONFIG_HOME"] = CONFIGURATION.name


@pytest.fixture(scope="session")
def emulator(framekey_emulator_process: Emulator) -> Emulator:
    """One for all, never reset: what tests leave in it must not matter."""
    return framekey_emulator_process


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
        # By default it looks twice a second whether it is to end.
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Silent:
    """A service that takes one request and answers nothing."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = threading.Event()
        self.closed = threading.Event()
        self.closed_at = 0.0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            connection.recv(65536)
            self.asked.set()
            while connection.recv(65536):
                pass
            self.closed_at = time.monotonic()
            self.closed.set()


@pytest.fixture
def silent() -> Iterator[Silent]:
    service = Silent()
    with service.listener:
        yield service
