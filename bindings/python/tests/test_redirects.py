"""RD-01: a redirect takes no credential anywhere, whichever way it travels."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import framekey

CODES = (301, 302, 303, 307, 308)
CHANGES = ("host", "port", "userinfo", "relative", "path")
SECRETS = ("cnrykey0123456789", "cnryjwt0123456789", "cnryupload0123456789", "cnryaccess0123456789", "cnryrefresh0123456789")
KEY, JWT, UPLOAD, ACCESS, REFRESH = SECRETS


class Site:
    """The service that redirects, at one address, and whoever it leads to, at two others."""

    def __init__(self) -> None:
        self.home: list[str] = []
        self.sink: list[bytes] = []
        service = self

        class Home(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                _, code, change, kind, rest = self.path.split("/", 4)
                if code == "moved":
                    service.sink.append(self.path.encode() + bytes(self.headers) + body)
                    self.reply(200, b"{}")
                elif rest == "auth/api-key" and kind == "bearer":
                    token = {"token_type": "Bearer", "expires_in": 3600, "access_token": ACCESS, "refresh_token": REFRESH}
                    self.reply(200, json.dumps(token).encode())
                else:
                    service.home.append(f"{code} {change} {kind}")
                    self.reply(int(code), b"", Location=service.target(change, self.path))

            def reply(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                pass

        class Sink(Home):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.sink.append(self.path.encode() + bytes(self.headers) + body)
                self.reply(200, b"{}")

            do_GET = do_POST = answer

        home = ThreadingHTTPServer(("127.0.0.1", 0), Home)
        self.port = home.server_port
        # The same port at another address of this machine, and another port.
        self.servers = [home, ThreadingHTTPServer(("127.0.0.2", self.port), Sink), ThreadingHTTPServer(("127.0.0.1", 0), Sink)]
        self.other_port = self.servers[2].server_port
        for server in self.servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def target(self, change: str, path: str) -> str:
        return {
            "host": f"http://127.0.0.2:{self.port}{path}",
            "port": f"http://127.0.0.1:{self.other_port}{path}",
            "userinfo": f"http://127.0.0.1:{self.port}@127.0.0.2:{self.port}{path}",
            "relative": f"//127.0.0.2:{self.port}{path}",
            "path": f"/moved{path}",
        }[change]

    def stop(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


# fmt: off
CALLS: dict[str, Callable[[str], Any]] = {
    "tl-key": lambda url: framekey.TwelveLabs(api_key=KEY, base_url=url).indexes.list(),
    "vv-key": lambda url: framekey.VideoVector(api_key=KEY, base_url=url).indexes.list(),
    "jwt": lambda url: framekey.VideoVector(jwt=JWT, base_url=url).indexes.list(),
    "basic": lambda url: framekey.ApiVideo(api_key=KEY, auth_mode="basic", base_url=url).videos.list(),
    "bearer": lambda url: framekey.ApiVideo(api_key=KEY, base_url=url).videos.list(),
    "upload": lambda url: framekey.ApiVideo(upload_token=UPLOAD, base_url=url).videos.upload_with_token(
        file=io.BytesIO(b"a few bytes")
    ),
    "create": lambda url: framekey.ApiVideo(base_url=url).access_tokens.create(api_key=KEY),
    "refresh": lambda url: framekey.ApiVideo(base_url=url).access_tokens.refresh(refresh_token=REFRESH),
}
# fmt: on


@pytest.mark.parametrize("kind", CALLS)
def test_rd_01_no_credential_follows_a_redirect(site: Site, kind: str) -> None:
    site.home.clear()
    for code in CODES:
        for change in CHANGES:
            with pytest.raises(framekey.FramekeyError) as caught:
                CALLS[kind](f"http://127.0.0.1:{site.port}/{code}/{change}/{kind}")
            assert (caught.value.code, caught.value.status) == ("http.redirect", code)
            assert not any(secret in str(caught.value) for secret in SECRETS)
    assert site.home == [f"{code} {change} {kind}" for code in CODES for change in CHANGES]
    assert site.sink == []


def test_rd_01_a_redirected_exchange_is_not_followed(site: Site) -> None:
    for change in CHANGES:
        site.home.clear()
        client = framekey.ApiVideo(api_key=KEY, base_url=f"http://127.0.0.1:{site.port}/307/{change}/exchange", timeout=1)
        with pytest.raises(framekey.FramekeyError) as caught:
            client.videos.list()
        assert KEY not in str(caught.value)
        assert set(site.home) == {f"307 {change} exchange"}
    assert site.sink == []
