"""Failures are exceptions with a class, a code and what else is known."""

from __future__ import annotations

import pickle
import socket
from typing import Any

import pytest

import framekey
from framekey import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConfigurationError,
    CredentialError,
    FramekeyError,
    NotFoundError,
    RateLimitError,
    UsageError,
)


def test_a_refused_key_says_who_refused_it_and_why(emulator: Any) -> None:
    tl = framekey.TwelveLabs(api_key="tlk_wrong", base_url=emulator.twelve_labs.base_url)
    with pytest.raises(AuthenticationError) as caught:
        tl.indexes.list()
    error = caught.value
    assert isinstance(error, APIStatusError) and isinstance(error, FramekeyError)
    assert (error.kind, error.code, error.status) == ("authentication", "auth.key_rejected", 401)
    assert (error.service, error.operation) == ("twelve-labs", "indexes.list")
    assert error.server_code == "api_key_invalid" and error.server_message
    assert error.attempts == 1
    assert "tlk_wrong" not in repr(vars(error)) + str(error)


def test_exceptions_survive_pickling(emulator: Any) -> None:
    with framekey.ApiVideo(**emulator.api_video) as av, pytest.raises(NotFoundError) as caught:
        av.videos.get("vi-unknown")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is NotFoundError
    assert str(copy) == str(caught.value) and vars(copy) == vars(caught.value)


@pytest.mark.parametrize("timeout", [0.0, -1, float("nan"), float("inf"), "soon"])
def test_a_time_limit_that_is_none_is_named_before_anything_is_sent(timeout: Any, emulator: Any) -> None:
    with framekey.TwelveLabs(**emulator.twelve_labs) as tl, pytest.raises(UsageError, match="`timeout`") as caught:
        tl.indexes.list(timeout=timeout)
    assert caught.value.code == "usage.bad_value"


def test_the_wait_that_the_service_asks_for_is_told(serve: Any) -> None:
    def answer(request: Any) -> None:
        request.send_response(429)
        request.send_header("retry-after", "7")
        request.send_header("x-request-id", "r-1")
        request.send_header("content-length", "0")
        request.end_headers()

    tl = framekey.TwelveLabs(api_key="k", base_url=serve(answer))
    with pytest.raises(RateLimitError) as caught:
        tl.indexes.delete("i")
    assert caught.value.retry_after == 7.0
    assert caught.value.request_id == "r-1"


def test_a_redirect_is_not_followed(serve: Any) -> None:
    asked = []

    def answer(request: Any) -> None:
        asked.append(request.path)
        request.send_response(302)
        request.send_header("location", "/elsewhere")
        request.send_header("content-length", "0")
        request.end_headers()

    tl = framekey.TwelveLabs(api_key="k", base_url=serve(answer))
    with pytest.raises(APIStatusError) as caught:
        tl.indexes.list()
    assert caught.value.code == "http.redirect"
    assert asked == ["/indexes"]


def test_an_answer_that_is_no_json_says_so(serve: Any) -> None:
    def answer(request: Any) -> None:
        request.send_response(200)
        request.send_header("content-type", "application/json")
        request.end_headers()
        request.wfile.write(b"{")

    tl = framekey.TwelveLabs(api_key="k", base_url=serve(answer))
    with pytest.raises(APIResponseValidationError) as caught:
        tl.indexes.list()
    assert caught.value.code == "decode.body"


def test_connecting_and_waiting_fail_apart(serve: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tl = framekey.TwelveLabs(api_key="k", base_url=f"http://127.0.0.1:{port}")
    with pytest.raises(APIConnectionError) as caught:
        tl.indexes.list()
    assert caught.value.code == "net.connect"
    assert f"could not connect to http://127.0.0.1:{port} (" in str(caught.value)

    def answer(request: Any) -> None:
        request.rfile.read(1)

    slow = framekey.TwelveLabs(api_key="k", base_url=serve(answer))
    with pytest.raises(APITimeoutError) as late:
        slow.indexes.list(timeout=0.2)
    assert isinstance(late.value, APIConnectionError)
    assert late.value.code == "timeout.deadline"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"api_key": "k", "base_url": "http://example.com"}, "auth.insecure"),
        ({"api_key": "k", "base_url": "nonsense"}, "config.bad_base_url"),
        ({"api_key": "canary\ncanary"}, "auth.malformed"),
        ({"api_key": "k", "timeout": -1}, "config.bad_option"),
        ({"api_key": b"canary"}, "`api_key` takes a text or a function, not bytes [config.bad_option]"),
        ({"api_key": "canary\udcff"}, "`api_key` takes a text, and half of a surrogate pair is none"),
        ({"upload_token": b"canary"}, "`upload_token` takes a text, a finite number or a flag, not bytes"),
        ({"api_key": "k", "timeout": float("nan")}, "a finite number or a flag, not nan"),
        ({"api_key": "Bearer canary"}, "a space at byte 7 of 13; leave out `Bearer` [auth.malformed]"),
    ],
)
def test_a_client_that_is_configured_wrongly_says_so(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        framekey.ApiVideo(**options)
    assert caught.value.code in ("config.bad_option", "auth.malformed", code)
    assert code in str(caught.value)
    assert "canary" not in str(caught.value)


def test_an_unknown_option_or_argument_is_a_type_error(emulator: Any) -> None:
    with pytest.raises(TypeError):
        framekey.ApiVideo(api_keys="k")  # type: ignore[call-arg]
    with framekey.ApiVideo(**emulator.api_video) as av, pytest.raises(TypeError):
        av.videos.list(page_sise=1)


def test_what_cannot_be_sent_is_refused_before_it_is_sent(emulator: Any) -> None:
    with framekey.VideoVector(**emulator.videovector) as vv:
        emulator.clear_journal()
        with pytest.raises(CredentialError) as caught:
            vv.api_keys.create(name="x")
        assert caught.value.code == "auth.wrong_kind" and "jwt" in str(caught.value)
        with pytest.raises(UsageError) as caught_id:
            vv.api_keys.get("..")
        assert caught_id.value.code == "usage.bad_id"
        with pytest.raises(UsageError) as caught_value:
            vv.api_keys.get(object())  # type: ignore[arg-type]
        assert caught_value.value.code == "usage.bad_value"
        for half in ({"name": "canary\udc80"}, {"name": "n", "scopes": ["canary\ud83d"]}):
            with pytest.raises(UsageError) as caught_half:
                vv.api_keys.create(**half)
            assert caught_half.value.code == "usage.bad_value"
            assert "a text has half of a surrogate pair" in str(caught_half.value)
            assert "canary" not in str(caught_half.value)
        assert emulator.journal() == []
