"""What the generated clients for event loops stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from . import _files, _native
from ._client import BaseClient, BaseResource, Json, decode, encode

Self = TypeVar("Self", bound="AsyncServiceClient")

_COMPLETIONS: WeakKeyDictionary[asyncio.AbstractEventLoop, _native.Completions] = WeakKeyDictionary()


class AsyncServiceClient(BaseClient):
    """A client of one service for asyncio. Event loops and threads may share it, and it outlives
    loops; its connections are kept until it is closed.

    A task that is cancelled takes its call along, and never the token that others wait for.
    """

    async def close(self) -> None:
        """Lets the connections and the credential go. Sends nothing; later calls are refused."""
        self._native = None

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(
        self,
        operation: str,
        arguments: dict[str, Any],
        files: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Json:
        native = self._ready(operation)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[int, str | None, bytes]] = loop.create_future()
        text = encode(operation, arguments)
        try:
            opened = _files.prepare(files) if files else []
            running = native.start(operation, text, opened, timeout, future, _completions(loop))
        finally:
            del text
        try:
            status, media, body = await future
        finally:
            running.cancel()
            # An exception holds this frame: without it there is no cycle.
            del future
        return decode(operation, media, body)


class AsyncResource(BaseResource[AsyncServiceClient]):
    """A group of operations."""

    __slots__ = ()


def _completions(loop: asyncio.AbstractEventLoop) -> _native.Completions:
    found = _COMPLETIONS.get(loop)
    if found is None:
        # A loop that was closed before it drained keeps itself alive by what it did not take.
        for other in [other for other in list(_COMPLETIONS) if other.is_closed()]:
            _COMPLETIONS.pop(other, None)
        found = _COMPLETIONS.setdefault(loop, _native.Completions())
    return found
