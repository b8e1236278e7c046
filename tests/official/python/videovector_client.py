"""VideoVector's own Python clients, sync and async, pointed at the emulator.

The async client is called as its user would, on one event loop; what it answers is waited for, so that
every test does for both.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from pydantic import BaseModel
from videovector import AsyncVideoVector, VideoVector

CLIENTS = ["videovector-python", "videovector-python-async"]
_LOOP = asyncio.new_event_loop()


class Settled:
    """An object of the async client whose coroutines are run to their end."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return _settled(getattr(self._inner, name))

    def __len__(self) -> int:
        return len(self._inner)

    def __getitem__(self, place: int) -> Any:
        return self._inner[place]


def _settled(value: Any) -> Any:
    if inspect.ismethod(value):
        return lambda *args, **named: _settled(value(*args, **named))
    if inspect.iscoroutine(value):
        return _settled(_LOOP.run_until_complete(value))
    if inspect.isasyncgen(value):
        return _LOOP.run_until_complete(_drained(value))
    ours = type(value).__module__.startswith("videovector.")
    return Settled(value) if ours and not isinstance(value, BaseModel) else value


async def _drained(items: Any) -> list:
    return [item async for item in items]


def connected(emulator: Any, name: str, **credential: str) -> Any:
    """A client of the named kind, with the emulator's ready key unless another credential is given."""
    info = emulator.info["videovector"]
    credential = credential or {"api_key": info["api_key"]}
    if name.endswith("-async"):
        return Settled(AsyncVideoVector(**credential, base_url=info["base_url"], max_retries=0))
    return VideoVector(**credential, base_url=info["base_url"], max_retries=0)


PROMPT = {
    "name": "What is to be seen",
    "prompt_text": "Say for each segment what is to be seen.",
    "json_schema": {
        "type": "object",
        "properties": {
            "mood": {"type": "string", "enum": ["calm", "loud"]},
            "count": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["mood"],
    },
}
