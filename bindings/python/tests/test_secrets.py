"""No secret is shown: not by a client, not by an exception, not by a traceback with its variables."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback
from typing import Any

import pytest

import framekey

CANARY = "canary0123456789canary"


def shown(value: Any) -> str:
    parts = [repr(value), str(value), repr(getattr(value, "__dict__", {})), repr(dir(value))]
    parts += [repr(getattr(value, name, None)) for name in dir(value)]
    return "\n".join(parts)


def frames(error: BaseException) -> str:
    """The traceback with local variables, without the frames of this file."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in told.stack if "framekey" in frame.filename and "tests" not in frame.filename]
    assert ours, "no frame of the package is in the traceback"
    return "\n".join(f"{frame} {frame.locals}" for frame in ours) + str(told)


def test_e10_a_client_shows_its_base_url_and_no_key(serve: Any) -> None:
    base_url = serve(lambda request: request.send_error(500))
    for client in [
        framekey.ApiVideo(api_key=CANARY, upload_token=CANARY + "u", base_url=base_url),
        framekey.TwelveLabs(api_key=CANARY, base_url=base_url),
        framekey.VideoVector(jwt=CANARY, base_url=base_url),
        framekey.AsyncApiVideo(api_key=CANARY, upload_token=CANARY + "u", base_url=base_url),
        framekey.AsyncTwelveLabs(api_key=CANARY, base_url=base_url),
        framekey.AsyncVideoVector(jwt=CANARY, base_url=base_url),
    ]:
        assert "canary" not in shown(client)
        assert repr(client) == f"<{type(client).__name__} {base_url}>"
        assert "canary" not in shown(client._native)  # type: ignore[attr-defined]


@pytest.mark.parametrize("client", [framekey.TwelveLabs, framekey.AsyncTwelveLabs])
def test_e10_clients_are_not_pickled_or_copied(client: Any) -> None:
    made = client(api_key=CANARY)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            attempt(made)
        assert "secret" in str(caught.value) and "canary" not in str(caught.value)


@pytest.mark.parametrize("client", [framekey.ApiVideo, framekey.AsyncApiVideo])
def test_e10_a_client_that_cannot_be_built_leaves_no_key_in_the_traceback(client: Any) -> None:
    with pytest.raises(framekey.ConfigurationError) as caught:
        client(api_key=CANARY, base_url="nonsense")
    assert "canary" not in frames(caught.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("api_key", CANARY.encode()),
        ("api_key", [CANARY, float("nan")]),
        ("api_key", CANARY + "\ud800"),
        ("api_key", {"key": CANARY}),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("ca_bundle", ""),
        ("token_provider", CANARY),
        ("on_notice", CANARY),
    ],
)
def test_e10_an_option_of_another_type_is_named_and_not_shown(option: str, value: Any) -> None:
    with pytest.raises(framekey.ConfigurationError) as caught:
        framekey.VideoVector(**{option: value})
    assert caught.value.code == "config.bad_option" and f"option `{option}` takes " in str(caught.value)
    assert caught.value.__context__ is None
    assert "canary" not in frames(caught.value)


def test_e10_a_call_that_fails_leaves_no_key_in_the_traceback(serve: Any) -> None:
    base_url = serve(lambda request: request.send_error(500, explain=CANARY))
    client = framekey.ApiVideo(api_key=CANARY, auth_mode="basic", base_url=base_url)
    with pytest.raises(framekey.InternalServerError) as caught:
        client.videos.list()
    assert "canary" not in frames(caught.value) + shown(caught.value)


def test_e10_arguments_that_are_secrets_leave_the_traceback_too(emulator: Any) -> None:
    with framekey.ApiVideo(**emulator.api_video) as av:
        with pytest.raises(framekey.BadRequestError) as caught:
            av.access_tokens.create(api_key=CANARY)
        assert "canary" not in frames(caught.value) + shown(caught.value)


def test_e10_tasks_that_fail_leave_no_secret_in_their_traceback(emulator: Any, serve: Any) -> None:
    base_url = serve(lambda request: request.send_error(500, explain=CANARY))

    async def refused() -> None:
        async with framekey.AsyncApiVideo(**emulator.api_video) as av:
            await av.access_tokens.create(api_key=CANARY)

    async def broken() -> None:
        await framekey.AsyncApiVideo(api_key=CANARY, auth_mode="basic", base_url=base_url).videos.list()

    async def odd() -> None:
        await framekey.AsyncApiVideo(base_url=base_url).access_tokens.create(api_key=CANARY, timeout=-1)

    for attempt in (refused, broken, odd):
        with pytest.raises(framekey.FramekeyError) as caught:
            asyncio.run(attempt())
        assert "canary" not in frames(caught.value) + shown(caught.value)
        assert caught.value.__cause__ is None and caught.value.__context__ is None
