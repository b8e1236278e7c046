"""The local emulator of the three services, for tests: started, controlled and ended from Python.

It is the ``framekey`` command (``cargo install framekey-cli``), run as a child process. With pytest, the
fixture ``framekey_emulator`` is a fresh one in each test. Everything here is a call over loopback of about
a millisecond; in asynchronous code it may be made as it is.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._launch import EmulatorError, Process

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._emulator_types import Fault, Switches

__all__ = ["Access", "Emulator", "EmulatorError", "VideoVectorAccess"]


class Access:
    """Where a service is and a key that opens it: ``ApiVideo(**emulator.api_video)``."""

    def __init__(self, info: Mapping[str, str]) -> None:
        self.base_url: str = info["base_url"]
        self.api_key: str = info["api_key"]

    def keys(self) -> tuple[str, str]:
        """With ``[]``, what ``**`` needs."""
        return ("base_url", "api_key")

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"


class VideoVectorAccess(Access):
    """VideoVector has two more credentials."""

    def __init__(self, info: Mapping[str, str]) -> None:
        super().__init__(info)
        self.jwt: str = info["jwt"]
        """Of a user, for what a key cannot do: an option in the place of ``api_key``."""
        self.oauth: str = info["oauth"]
        """An OAuth token."""


class Emulator:
    """A running emulator: ``with Emulator() as emulator:``, or ``async with``; `stop` where neither fits.

    `binary` is the ``framekey`` command; where it is left out, the variable ``FRAMEKEY_BIN`` names it, or it
    is on ``PATH``. `scenario` is a document or the path of one, `port` a free one unless it is given, `state`
    the file that the whole state is loaded from and saved in. It may take `start_timeout` seconds to start.
    It ends with this process, also where that is killed.
    """

    def __init__(
        self,
        *,
        binary: str | os.PathLike[str] | None = None,
        scenario: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        port: int | None = None,
        state: str | os.PathLike[str] | None = None,
        start_timeout: float = 10,
    ) -> None:
        self._options = [] if port is None else ["--port", str(port)]
        if state is not None:
            self._options += ["--state", os.fspath(state)]
        self._scenario = scenario
        self._binary = binary
        self._patience = start_timeout
        self._process: Process | None = None
        self._info: dict[str, Any] = {}

    def start(self) -> Self:
        """Starts it; `EmulatorError` says what was tried, and repeats what the process said."""
        if self._process is not None:
            raise EmulatorError("this emulator runs already; make another one")
        with _as_file(self._scenario) as scenario:
            options = [*self._options, *scenario]
            self._process = Process(self._binary, options, self._patience)
        self._info = self._process.info
        return self

    def stop(self) -> None:
        """Ends it and waits for that. What was stopped may be started again, and is a fresh one."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        return f"<Emulator {self._info['control'] if self._process else 'not running'}>"

    @property
    def api_video(self) -> Access:
        """api.video, production."""
        return Access(self._part("api-video"))

    @property
    def api_video_sandbox(self) -> Access:
        """api.video's sandbox, which has videos and keys of its own."""
        return Access(self._part("api-video-sandbox"))

    @property
    def twelve_labs(self) -> Access:
        """Twelve Labs."""
        return Access(self._part("twelve-labs"))

    @property
    def videovector(self) -> VideoVectorAccess:
        """VideoVector."""
        return VideoVectorAccess(self._part("videovector"))

    @property
    def files_origin(self) -> str:
        """The second origin, of what services mint: presigned addresses, pages of consent."""
        return str(self._part("files"))

    def now(self) -> datetime:
        """The emulator's time, in UTC."""
        return _moment(self.control("GET", "/clock"))

    def freeze(self, at: datetime | None = None) -> datetime:
        """Stops the clock, where it is or `at` a moment; `advance` moves it still."""
        return self._set_clock(speed=0, now=at)

    def advance(self, time: float | timedelta) -> datetime:
        """Moves the clock ahead by seconds or a `timedelta`; gives the new time."""
        return self._set_clock(advance=time.total_seconds() if isinstance(time, timedelta) else time)

    def set_speed(self, speed: float) -> datetime:
        """How fast the clock goes beside real time, from 0 to 1000000; 1 is real time."""
        return self._set_clock(speed=speed)

    def _set_clock(self, now: datetime | None = None, **setting: float) -> datetime:
        if now is not None and now.tzinfo is None:
            raise ValueError("a moment needs a time zone: datetime(2026, 1, 31, tzinfo=timezone.utc)")
        moment = {} if now is None else {"now": now.isoformat()}
        return _moment(self.control("POST", "/clock", setting | moment))

    def fault(self, **fault: Unpack[Fault]) -> None:
        """Plants a fault: ``fault(operation="videos.*", calls=[1], status=503)``. The first that meets a call counts."""
        self.control("POST", "/faults", fault)

    def faults(self) -> list[dict[str, Any]]:
        """The planted faults, each with its counts."""
        return self._list("/faults")

    def clear_faults(self) -> None:
        """Takes all faults away."""
        self.control("DELETE", "/faults")

    def journal(self) -> list[dict[str, Any]]:
        """Every request since the start or `clear_journal`: operation, status, sizes, headers; no credential."""
        return self._list("/journal")

    def clear_journal(self) -> None:
        """Forgets the requests so far."""
        self.control("DELETE", "/journal")

    def counters(self) -> dict[str, Any]:
        """Calls by operation, and what happened to credentials."""
        return self._dict("GET", "/counters")

    def switches(self) -> dict[str, Any]:
        """How the services behave where it can be chosen."""
        return self._dict("GET", "/switches")

    def switch(self, **switches: Unpack[Switches]) -> dict[str, Any]:
        """Sets how the services behave: ``switch(api_video={"token_life": 60})``. What is left out stays."""
        return self._dict("POST", "/switches", switches)

    def revoke_access_tokens(self) -> int:
        """Ends every access token of api.video now; how many there were."""
        return int(self.control("POST", "/revoke")["access_tokens"])

    def apply(self, scenario: Mapping[str, Any] | str | os.PathLike[str]) -> None:
        """Starts over as a scenario has it, a document or the path of one: nothing from before is left."""
        if isinstance(scenario, (str, os.PathLike)):
            scenario = json.loads(Path(scenario).read_bytes())
        self._turn("POST", "/scenario", scenario)

    def reset(self) -> None:
        """Starts over as it started, or as the last scenario had it."""
        self._turn("POST", "/reset")

    def snapshot(self) -> dict[str, Any]:
        """The whole state as one document; the journal is not part of it."""
        return self._dict("GET", "/state")

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes back to a state that was saved."""
        self._turn("PUT", "/state", state)

    def control(self, method: str, path: str, document: object = None) -> Any:
        """Any request of the control plane: ``control("POST", "/broadcast", {"live_stream": "li1"})``."""
        process = self._running()
        # Not urllib: it would send this through a proxy that the environment names.
        address = urlsplit(self._info["control"])
        connection = http.client.HTTPConnection(address.netloc, timeout=60)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, address.path + path, body)
            response = connection.getresponse()
            status, answer = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            how = process.ended() or f"does not answer: {error}"
            raise EmulatorError(f"{method} {path}: the emulator {how}") from None
        finally:
            connection.close()
        parsed: Any = json.loads(answer) if answer else None
        if status >= 400:
            raise EmulatorError(f"{method} {path}: {parsed['error']}")
        return parsed

    def _running(self) -> Process:
        if self._process is None:
            raise EmulatorError("the emulator is not running: use it in `with Emulator() as emulator:`")
        return self._process

    def _part(self, name: str) -> Any:
        self._running()
        return self._info[name]

    def _turn(self, method: str, path: str, document: object = None) -> None:
        self.control(method, path, document)
        # The keys may be others now.
        self._info = self._dict("GET", "/info")

    def _dict(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        answer: dict[str, Any] = self.control(method, path, document)
        return answer

    def _list(self, path: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self.control("GET", path)
        return answer


@contextmanager
def _as_file(scenario: Mapping[str, Any] | str | os.PathLike[str] | None) -> Iterator[list[str]]:
    """The option that names the scenario; a document is in a file while the emulator starts."""
    if scenario is None:
        yield []
    elif isinstance(scenario, Mapping):
        with tempfile.TemporaryDirectory(prefix="framekey-") as folder:
            file = Path(folder, "scenario.json")
            file.write_text(json.dumps(scenario), encoding="utf-8")
            yield ["--scenario", str(file)]
    else:
        yield ["--scenario", os.fspath(scenario)]


def _moment(clock: Mapping[str, Any]) -> datetime:
    # Python knows microseconds, and before 3.11 no other number of digits.
    whole, _, fraction = clock["now"].rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")
