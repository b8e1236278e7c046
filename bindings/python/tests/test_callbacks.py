"""Functions that give a credential, or are told what is worth a line in a log."""

from __future__ import annotations

import asyncio
import functools
import logging
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

import framekey

CANARY = "canary0123456789canary"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


def taking(serve: Any) -> tuple[str, list[str]]:
    """A service that says nothing, and what it was sent."""
    sent: list[str] = []

    def answer(request: Any) -> None:
        sent.append(request.headers.get("authorization") or request.headers.get("x-api-key") or "")
        request.send_response(204)
        request.end_headers()

    return serve(answer), sent


def test_a_token_provider_is_asked_on_each_attempt(serve: Any) -> None:
    base_url, sent = taking(serve)
    tokens = iter([f"{TOKEN}1", f"{TOKEN}2"])
    vv = framekey.VideoVector(token_provider=lambda: next(tokens), base_url=base_url)
    vv.api_keys.list()
    vv.api_keys.list()
    assert sent == [f"Bearer {TOKEN}1", f"Bearer {TOKEN}2"]


def test_an_async_token_provider_runs_on_the_loop_of_its_call(serve: Any) -> None:
    base_url, sent = taking(serve)
    loops = []

    async def token() -> str:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return TOKEN

    vv = framekey.AsyncVideoVector(token_provider=token, base_url=base_url)
    used = []
    for _ in range(2):

        async def main() -> None:
            used.append(asyncio.get_running_loop())
            await vv.api_keys.list()

        asyncio.run(main())
    assert sent == [f"Bearer {TOKEN}"] * 2
    assert loops == used


def test_an_api_key_may_be_a_function(serve: Any) -> None:
    base_url, sent = taking(serve)
    asked = []
    tl = framekey.TwelveLabs(api_key=lambda: asked.append(1) or "tlk_" + "A" * 32, base_url=base_url)  # type: ignore[func-returns-value]
    assert asked == []
    tl.indexes.list()
    tl.indexes.list()
    assert sent == ["tlk_" + "A" * 32] * 2 and asked == [1]


@pytest.mark.filterwarnings("error")
def test_an_api_key_may_be_an_async_function_for_tasks_and_for_threads(serve: Any) -> None:
    base_url, sent = taking(serve)
    asked = []

    async def key() -> str:
        asked.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return "tlk_" + "A" * 32

    tl = framekey.AsyncTwelveLabs(api_key=key, base_url=base_url)
    used = []
    for _ in range(2):

        async def main() -> None:
            used.append(asyncio.get_running_loop())
            await asyncio.gather(*[tl.indexes.list() for _ in range(5)])

        asyncio.run(main())
    framekey.TwelveLabs(api_key=key, base_url=base_url).indexes.list()
    assert sent == ["tlk_" + "A" * 32] * 11
    # One read serves the tasks of all loops: it is on none of theirs.
    assert len(asked) == 2 and not set(asked) & set(used)


@pytest.mark.filterwarnings("error")
def test_e01_an_async_function_gives_the_key_that_is_exchanged(emulator: Any) -> None:
    async def key() -> str:
        await asyncio.sleep(0.01)
        return str(emulator.api_video.api_key)

    async def main() -> None:
        async with framekey.AsyncApiVideo(api_key=key, base_url=emulator.api_video.base_url) as av:
            await asyncio.gather(*[av.videos.list() for _ in range(5)])

    emulator.clear_journal()
    asyncio.run(main())
    assert [entry["operation"] for entry in emulator.journal()].count("access_tokens.create") == 1


def test_an_async_token_provider_serves_threads_too(serve: Any) -> None:
    base_url, sent = taking(serve)

    async def token() -> str:
        await asyncio.sleep(0)
        return TOKEN

    framekey.VideoVector(token_provider=token, base_url=base_url).api_keys.list()
    assert sent == [f"Bearer {TOKEN}"]


def fails() -> str:
    raise KeyError(CANARY)


async def fails_later() -> str:
    await asyncio.sleep(0)
    raise KeyError(CANARY)


async def gives_bytes() -> bytes:
    return CANARY.encode()


@pytest.mark.parametrize("callback", [fails, fails_later, gives_bytes])
def test_e10_an_api_key_function_that_fails_is_told_without_its_words(
    serve: Any, caplog: Any, callback: Any
) -> None:
    base_url, sent = taking(serve)
    with pytest.raises(framekey.CredentialError) as caught:
        asyncio.run(framekey.AsyncApiVideo(api_key=callback, base_url=base_url).videos.list())
    assert caught.value.code == "auth.source" and sent == []
    did = "gave bytes, not a text" if callback is gives_bytes else "raised KeyError"
    assert f"callback `api_key` {did}, so there is no credential to send" in str(caught.value)
    assert "canary" not in str(caught.value) + caplog.text


@pytest.mark.parametrize("service", [framekey.ApiVideo, framekey.TwelveLabs, framekey.VideoVector])
def test_e33_junk_of_an_api_key_function_is_no_wrong_configuration(serve: Any, service: Any) -> None:
    base_url, sent = taking(serve)
    client = service(api_key=lambda: f"{CANARY}\n{CANARY}", base_url=base_url)
    with pytest.raises(framekey.CredentialError) as caught:
        (client.videos if service is framekey.ApiVideo else client.indexes).list()
    assert (caught.value.code, sent) == ("auth.source", [])
    assert "API key from callback `api_key` has a control character" in str(caught.value)
    assert "canary" not in str(caught.value)


BAD: dict[str, tuple[Any, str, str]] = {
    "raises": (fails, "auth.source", "raised KeyError"),
    "bytes": (lambda: CANARY.encode(), "auth.source", "gave bytes, not a text"),
    "none": (lambda: None, "auth.source", "gave NoneType, not a text"),
    "number": (lambda: 1, "auth.source", "gave int, not a text"),
    "raises later": (fails_later, "auth.source", "raised KeyError"),
    "bytes later": (gives_bytes, "auth.source", "gave bytes, not a text"),
    "generator": (lambda: (yield), "auth.source", "gave generator, not a text"),
    "line": (lambda: f"{TOKEN}\nx-other: {CANARY}", "auth.source", ""),
    "empty": (lambda: "", "auth.source", ""),
}


def test_e32_a_provider_that_repeats_a_refused_token_is_told_to_get_another(serve: Any) -> None:
    def refuse(request: Any) -> None:
        request.send_response(401)
        request.end_headers()

    vv = framekey.VideoVector(token_provider=lambda: TOKEN, base_url=serve(refuse))
    with pytest.raises(framekey.AuthenticationError) as caught:
        vv.api_keys.list()
    assert caught.value.code == "auth.token_rejected"
    assert "The callback `token_provider` gives a token that is refused; have it get a new one." in str(caught.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("door", ["threads", "tasks"])
@pytest.mark.parametrize("how", BAD)
def test_e10_a_token_provider_that_fails_is_told_without_its_words(
    serve: Any, caplog: Any, how: str, door: str
) -> None:
    callback, code, said = BAD[how]
    base_url, sent = taking(serve)
    with pytest.raises(framekey.CredentialError) as caught:
        if door == "threads":
            framekey.VideoVector(token_provider=callback, base_url=base_url).api_keys.list()
        else:
            asyncio.run(framekey.AsyncVideoVector(token_provider=callback, base_url=base_url).api_keys.list())
    assert caught.value.code == code and "token_provider" in str(caught.value)
    assert sent == []
    assert caught.value.__cause__ is None and caught.value.__context__ is None
    assert said in caplog.text and said in str(caught.value)
    assert "canary" not in str(caught.value) + repr(vars(caught.value)) + caplog.text


def test_a_token_provider_that_hangs_does_not_hold_the_call_beyond_its_time(serve: Any) -> None:
    base_url, _ = taking(serve)
    release = threading.Event()
    vv = framekey.VideoVector(token_provider=lambda: release.wait(20) and TOKEN, base_url=base_url)  # type: ignore[arg-type,return-value]
    start = time.monotonic()
    with pytest.raises(framekey.APITimeoutError):
        vv.api_keys.list(timeout=0.3)
    assert time.monotonic() - start < 5
    release.set()


HANGING = """
import threading, framekey
vv = framekey.VideoVector(token_provider=threading.Event().wait)
try:
    vv.api_keys.list(timeout=0.2)
except framekey.APITimeoutError:
    print("late")
"""


def test_e02_the_interpreter_ends_while_a_function_hangs() -> None:
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-W", "error", "-c", HANGING], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "late\n", "")
    assert time.monotonic() - start < 10


def test_notices_go_to_the_logger_or_to_a_function(serve: Any, caplog: Any) -> None:
    base_url, _ = taking(serve)
    with caplog.at_level(logging.INFO, logger="framekey"):
        framekey.TwelveLabs(api_key=f" {CANARY} ", base_url=base_url)
    assert ("framekey", logging.WARNING) in [(record.name, record.levelno) for record in caplog.records]
    assert "stripped" in caplog.text and "canary" not in caplog.text
    told: list[framekey.Notice] = []
    framekey.AsyncTwelveLabs(api_key=f" {CANARY} ", base_url=base_url, on_notice=told.append)
    assert [notice.level for notice in told if "stripped" in notice.text] == ["warning"]
    assert "canary" not in repr(told)


def test_e10_a_function_that_holds_a_secret_is_not_shown() -> None:
    bound = functools.partial(str, CANARY)
    client = framekey.VideoVector(token_provider=bound)
    assert "canary" not in repr(vars(client)) + repr(client)
    with pytest.raises(framekey.ConfigurationError) as caught:
        framekey.VideoVector(token_provider=CANARY)  # type: ignore[arg-type]
    assert caught.value.code == "config.bad_option"
    frame = caught.value.__traceback__
    while frame is not None:
        if "tests" not in frame.tb_frame.f_code.co_filename:
            assert "canary" not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next
