"""Functions of the caller's that the native half asks for a secret, or tells what it notices."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import asyncio

    from . import _native


class Notice(NamedTuple):
    """Something worth a line in a log that fails no call. Holds no secret."""

    level: str
    """``debug``, ``info`` or ``warning``."""
    text: str
    """One sentence."""


def ask(
    name: str,
    callback: Callable[[], object],
    loop: asyncio.AbstractEventLoop | None,
    answer: _native.Answer,
) -> None:
    """Asks in a thread that the end of the interpreter does not wait for, as the function may hang."""
    threading.Thread(target=_ask, args=(name, callback, loop, answer), name="framekey-callback", daemon=True).start()


def tell(watch: Callable[[Notice], object] | None, level: str, text: str) -> None:
    """Passes a notice to the function, or to the logger ``framekey``."""
    if watch is None:
        _log(level, text)
        return
    try:
        watch(Notice(level, text))
    except Exception as error:
        _log("warning", f"`on_notice` raised {type(error).__name__}")


def _log(level: str, text: str) -> None:
    # Not loaded before there is something to say.
    import logging

    logging.getLogger("framekey").log(getattr(logging, level.upper()), "%s", text)


def _ask(
    name: str,
    callback: Callable[[], object],
    loop: asyncio.AbstractEventLoop | None,
    answer: _native.Answer,
) -> None:
    try:
        given = callback()
        if isinstance(given, Awaitable):
            if loop is not None:
                loop.call_soon_threadsafe(_await, name, given, loop, answer)
                return
            given = _in_a_loop_of_its_own(given)
    except BaseException as error:
        _failed(name, f"raised {type(error).__name__}", answer)
    else:
        _settle(name, given, answer)


def _in_a_loop_of_its_own(given: Awaitable[object]) -> object:
    """For a client that waits, and for an API key: one read of it serves calls of several loops, and
    outlives them.
    """
    import asyncio

    async def settled() -> object:
        return await given

    return asyncio.run(settled())


def _await(name: str, given: Awaitable[Any], loop: asyncio.AbstractEventLoop, answer: _native.Answer) -> None:
    import asyncio

    def done(task: asyncio.Future[Any]) -> None:
        if task.cancelled():
            _failed(name, "was cancelled", answer)
        elif error := task.exception():
            _failed(name, f"raised {type(error).__name__}", answer)
        else:
            _settle(name, task.result(), answer)

    asyncio.ensure_future(given, loop=loop).add_done_callback(done)


def _settle(name: str, given: object, answer: _native.Answer) -> None:
    if isinstance(given, str):
        answer.give(given)
    else:
        _failed(name, f"gave {type(given).__name__}, not a text", answer)


def _failed(name: str, what: str, answer: _native.Answer) -> None:
    # The class of an exception is told, its words are not: they may quote a secret. The log has it too, since
    # a call may go on with the credential in hand, and first, so that the line is there when one fails.
    try:
        _log("warning", f"`{name}` {what}")
    finally:
        answer.fail(what)
