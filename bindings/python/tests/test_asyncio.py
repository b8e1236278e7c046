"""Calls of tasks: one exchange, cancellation, and event loops that come and go."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

import framekey


def exchanges(emulator: Any) -> int:
    """How many there were since the journal was cleared."""
    return [entry["operation"] for entry in emulator.journal()].count("access_tokens.create")


def test_e01_64_tasks_at_an_ended_token_share_one_exchange(emulator: Any) -> None:
    async def main() -> None:
        async with framekey.AsyncApiVideo(**emulator.api_video) as av:
            await av.videos.list(page_size=1)
            emulator.advance(3700)
            emulator.clear_journal()
            pages = await asyncio.gather(*(av.videos.list(page_size=1) for _ in range(64)))
            assert all(isinstance(page["data"], list) for page in pages)

    asyncio.run(main())
    assert exchanges(emulator) == 1
    assert [(entry["operation"], entry["status"]) for entry in emulator.journal()].count(("videos.list", 200)) == 64


def test_e01_a_cancelled_task_does_not_fail_those_that_wait_for_its_exchange(emulator: Any) -> None:
    async def main() -> None:
        async with framekey.AsyncApiVideo(**emulator.api_video) as av:
            tasks = [asyncio.create_task(av.videos.list(page_size=1)) for _ in range(64)]
            await asyncio.sleep(0.2)
            tasks[0].cancel()
            pages = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(pages[0], asyncio.CancelledError)
            assert all(isinstance(page, dict) for page in pages[1:])

    emulator.advance(3700)
    emulator.clear_journal()
    emulator.fault(operation="access_tokens.create", delay=0.5)
    try:
        asyncio.run(main())
    finally:
        emulator.clear_faults()
    assert exchanges(emulator) == 1


def test_e01_clients_of_threads_and_of_tasks_share_one_exchange(emulator: Any) -> None:
    async def main() -> None:
        async with framekey.AsyncApiVideo(**emulator.api_video) as av:
            await asyncio.gather(*(av.videos.list(page_size=1) for _ in range(8)))

    emulator.advance(3700)
    with framekey.ApiVideo(**emulator.api_video) as av:
        emulator.clear_journal()
        av.videos.list(page_size=1)
        asyncio.run(main())
    assert exchanges(emulator) == 1


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_e16_a_cancelled_call_closes_its_connection(silent: Any, how: str) -> None:
    async def main() -> float:
        tl = framekey.AsyncTwelveLabs(api_key="k", base_url=silent.base_url)
        task = asyncio.create_task(tl.indexes.list())
        assert await asyncio.to_thread(silent.asked.wait, 5)
        if how == "cancel":
            start = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            start = time.monotonic() + 0.05
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(task, 0.05)
        assert await asyncio.to_thread(silent.closed.wait, 5)
        return start

    assert silent.closed_at - asyncio.run(main()) < 0.2


def test_failures_and_time_limits_are_those_of_clients_that_wait(emulator: Any, silent: Any) -> None:
    async def main() -> None:
        async with framekey.AsyncApiVideo(**emulator.api_video) as av:
            with pytest.raises(framekey.NotFoundError) as missing:
                await av.videos.get("vi-unknown")
            assert (missing.value.operation, missing.value.status) == ("videos.get", 404)
            with pytest.raises(framekey.UsageError) as odd:
                await av.videos.get("..")
            assert odd.value.code == "usage.bad_id"
        with pytest.raises(framekey.UsageError) as closed:
            await av.videos.list()
        assert closed.value.code == "usage.closed"
        tl = framekey.AsyncTwelveLabs(api_key="k", base_url=silent.base_url)
        with pytest.raises(framekey.APITimeoutError):
            await tl.indexes.list(timeout=0.2)

    asyncio.run(main())


def run(program: str, **environment: str) -> None:
    """Runs a program of its own, in which every warning is an error and no word may be said."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


LOOPS = """
import asyncio, os, threading, framekey
KEY, URL, NEW = os.environ["KEY"], os.environ["URL"], os.environ["NEW"]
if NEW == "uvloop":
    import uvloop as new
else:
    import asyncio as new
av = framekey.AsyncApiVideo(api_key=KEY, base_url=URL)
async def some(count):
    pages = await asyncio.gather(*(av.videos.list(page_size=1) for _ in range(count)))
    assert len(pages) == count
def run(count):
    with asyncio.Runner(loop_factory=new.new_event_loop) as runner:
        runner.run(some(count))
for _ in range(20):
    run(3)
threads = [threading.Thread(target=run, args=(64,)) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
asyncio.run(av.close())
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no asyncio.Runner here")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_e15_one_client_serves_20_loops_in_turn_and_4_at_once(emulator: Any, loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    options = dict(emulator.api_video)
    run(LOOPS, KEY=options["api_key"], URL=options["base_url"], NEW=loop)


LEFT = """
import asyncio, gc, os, socket, threading, weakref, framekey
listener = socket.create_server(("127.0.0.1", 0))
asked, go, answered = threading.Event(), threading.Event(), threading.Event()
def serve():
    for last in (False, True):
        connection, _ = listener.accept()
        connection.recv(65536)
        asked.set()
        if not last:
            assert go.wait(10)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: 2\\r\\nconnection: close\\r\\n\\r\\n{}")
        connection.close()
        answered.set()
thread = threading.Thread(target=serve)
thread.start()
tl = framekey.AsyncTwelveLabs(api_key="tlk_" + "A" * 32, base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
async def begin():
    task = asyncio.ensure_future(tl.indexes.list())
    task._log_destroy_pending = False
    while not asked.is_set():
        await asyncio.sleep(0.01)
    return task
loop = asyncio.new_event_loop()
task = loop.run_until_complete(begin())
loop.close()
gone = weakref.ref(loop)
go.set()
answered.wait(10)
# The answer to the loop that is closed comes before this one.
assert asyncio.run(tl.indexes.list()) == {}
thread.join()
listener.close()
del loop, task
for _ in range(50):
    gc.collect()
    if gone() is None: break
    asyncio.run(asyncio.sleep(0.01))
assert gone() is None, gc.get_referrers(gone())
"""


def test_e15_what_comes_for_a_loop_that_is_closed_is_dropped_without_a_word() -> None:
    run(LEFT)


UNDER_WAY = """
import asyncio, socket, framekey
listener = socket.create_server(("127.0.0.1", 0))
tl = framekey.AsyncTwelveLabs(api_key="tlk_" + "A" * 32, base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
async def main():
    global task
    task = asyncio.ensure_future(tl.indexes.list())
    task._log_destroy_pending = False
    await asyncio.sleep(0.2)
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
listener.close()
"""


def test_e02_the_interpreter_ends_with_a_call_under_way() -> None:
    start = time.monotonic()
    run(UNDER_WAY)
    assert time.monotonic() - start < 10


CLOSED = """
import asyncio, os, pathlib, threading, time, framekey
def threads():
    return sorted((task / "comm").read_text().strip() for task in pathlib.Path("/proc/self/task").iterdir())
async def main():
    async with framekey.AsyncApiVideo(api_key=os.environ["KEY"], base_url=os.environ["URL"]) as av:
        await asyncio.gather(*(av.videos.list(page_size=1) for _ in range(8)))
asyncio.run(main())
assert threading.active_count() == 1, threading.enumerate()
# Those that waited for the interpreter end after 10 s without work.
assert {name for name in threads()} <= {"python", "python3", "framekey"}, threads()
with framekey.ApiVideo(api_key=os.environ["KEY"], base_url=os.environ["URL"]) as av:
    av.videos.list(page_size=1)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads cannot be listed here")
def test_e02_a_closed_client_leaves_no_thread_and_sends_nothing(emulator: Any) -> None:
    options = dict(emulator.api_video)
    emulator.clear_journal()
    run(CLOSED, KEY=options["api_key"], URL=options["base_url"])
    sent = [entry["operation"] for entry in emulator.journal()]
    # The second client has the first one's token no more: that went with it.
    assert sent == ["access_tokens.create"] + ["videos.list"] * 8 + ["access_tokens.create", "videos.list"]


def test_e02_closing_sends_nothing(emulator: Any) -> None:
    async def main() -> None:
        av = framekey.AsyncApiVideo(**emulator.api_video)
        await av.videos.list(page_size=1)
        emulator.clear_journal()
        await av.close()
        await av.close()

    before = threading.active_count()
    asyncio.run(main())
    assert (emulator.journal(), threading.active_count()) == ([], before)
