"""What the generated clients of the services stand on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar, overload

from . import _files, _native
from ._errors import from_native, usage
from ._unset import UNSET

Json = Any
"""An answer: dicts, lists, texts, numbers, flags, None; bytes where the service does not send JSON."""

_FILES = ("api_key_file", "config_file", "ca_bundle")
"""Options that name a file, by a text or a ``pathlib.Path``."""

C = TypeVar("C", bound="BaseClient")
R = TypeVar("R", bound="BaseResource[Any]")
Self = TypeVar("Self", bound="ServiceClient")


class BaseClient:
    """What clients that wait and clients for event loops have in common."""

    _service = ""

    def _open(self, options: dict[str, Any]) -> None:
        for name in _FILES:
            if isinstance(options.get(name), os.PathLike):
                options[name] = os.fspath(options[name])
        # All is emptied in the end, so that no traceback that shows local variables shows a key.
        functions = {
            "api_key": options.pop("api_key") if callable(options.get("api_key")) else None,
            "token_provider": options.pop("token_provider", None),
            "on_notice": options.pop("on_notice", None),
        }
        wrong = [f"`{name}` takes a function" for name, it in functions.items() if not (it is None or callable(it))]
        given = {name: _json(value) for name, value in options.items() if value is not None}
        wrong += [_wrong(name, options[name]) for name, text in given.items() if text is None]
        options.clear()
        try:
            if wrong:
                fields: dict[str, object] = {"kind": "configuration", "code": "config.bad_option"}
                raise from_native(f"option {wrong[0]} [config.bad_option]", fields)
            self._native: _native.Client | None = _native.Client(
                self._service,
                "{" + ",".join([f'"{name}":{text}' for name, text in given.items()]) + "}",
                *functions.values(),
            )
        finally:
            del given, functions
        self._base_url = self._native.base_url

    def __repr__(self) -> str:
        base_url = getattr(self, "_base_url", "not built")
        return f"<{type(self).__name__} {base_url}>"

    def __reduce__(self) -> Any:
        name = type(self).__name__
        raise TypeError(f"{name} holds a secret and cannot be pickled or copied; make a {name} where it is needed")

    def _ready(self, operation: str) -> _native.Client:
        if self._native is None:
            raise usage("usage.closed", f"`{operation}`: the client is closed")
        return self._native


class ServiceClient(BaseClient):
    """A client of one service. Threads may share it; its connections are kept until it is closed."""

    def close(self) -> None:
        """Lets the connections and the credential go. Sends nothing; later calls are refused."""
        self._native = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self,
        operation: str,
        arguments: dict[str, Any],
        files: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Json:
        native = self._ready(operation)
        text = encode(operation, arguments)
        try:
            opened = _files.prepare(files) if files else []
            status, media, body = native.call(operation, text, opened, timeout)
        finally:
            del text
        return decode(operation, media, body)


class BaseResource(Generic[C]):
    """A group of operations of a client."""

    __slots__ = ("_client",)

    def __init__(self, client: C) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"


class Resource(BaseResource[ServiceClient]):
    """A group of operations."""

    __slots__ = ()


class part(Generic[R]):
    """A group of operations as an attribute, made when it is asked for."""

    def __init__(self, resource: type[R]) -> None:
        self._resource = resource
        self.__doc__ = resource.__doc__

    @overload
    def __get__(self, owner: None, kind: type[object]) -> part[R]: ...
    @overload
    def __get__(self, owner: BaseClient | BaseResource[Any], kind: type[object]) -> R: ...
    def __get__(self, owner: BaseClient | BaseResource[Any] | None, kind: type[object]) -> part[R] | R:
        if owner is None:
            return self
        return self._resource(owner._client if isinstance(owner, BaseResource) else owner)


def _json(value: object) -> str | None:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        # Half of a pair of surrogates is no text.
        text.encode()
    except (TypeError, ValueError, RecursionError):
        return None
    return text


def _wrong(name: str, value: object) -> str:
    """Why an option cannot be written as JSON. A text that cannot is told without what is in it."""
    if isinstance(value, str):
        return f"`{name}` takes a text, and half of a surrogate pair is none"
    takes = "a text or a function" if name == "api_key" else "a text, a finite number or a flag"
    return f"`{name}` takes {takes}, not {value if isinstance(value, float) else type(value).__name__}"


def encode(operation: str, arguments: dict[str, Any]) -> str:
    """The arguments as JSON. They are emptied, as an argument may be a secret and a traceback may
    show what it was made of.
    """
    given = {name: value for name, value in arguments.items() if value is not UNSET}
    arguments.clear()
    try:
        text = json.dumps(given, default=_plain, allow_nan=False, ensure_ascii=False)
        text.encode()
        return text
    except UnicodeEncodeError:
        problem = "a text has half of a surrogate pair, which is no character"
    except (TypeError, ValueError, RecursionError) as error:
        problem = str(error)
    finally:
        del given
    raise usage("usage.bad_value", f"`{operation}`: an argument cannot be written as JSON: {problem}")


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if value is UNSET:
        raise TypeError("UNSET stands for a whole argument, not for a part of one")
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def decode(operation: str, media: str | None, body: bytes) -> Json:
    """What an answer holds."""
    if not body:
        return None
    kind = (media or "").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return body
    try:
        return json.loads(body)
    except ValueError:
        message = f"`{operation}`: the answer says that it is JSON, and is not [decode.body]"
        fields: dict[str, object] = {"kind": "decode", "code": "decode.body", "operation": operation}
        raise from_native(message, fields) from None
