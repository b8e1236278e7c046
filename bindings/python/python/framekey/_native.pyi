from asyncio import Future
from collections.abc import Callable

from framekey._callbacks import Notice
from framekey._files import NativeFile

class Client:
    """A client of one service, called by operation ids."""

    def __new__(
        cls,
        service: str,
        options: str,
        api_key: Callable[[], object] | None,
        token_provider: Callable[[], object] | None,
        on_notice: Callable[[Notice], object] | None,
    ) -> Client: ...
    @property
    def base_url(self) -> str: ...
    def call(
        self, operation: str, arguments: str, files: list[NativeFile], timeout: float | None
    ) -> tuple[int, str | None, bytes]: ...
    def start(
        self,
        operation: str,
        arguments: str,
        files: list[NativeFile],
        timeout: float | None,
        future: Future[tuple[int, str | None, bytes]],
        completions: Completions,
    ) -> Running: ...

class Completions:
    """What is finished for one event loop."""

    def __new__(cls) -> Completions: ...
    def drain(self) -> None: ...

class Running:
    """A call under way."""

    def cancel(self) -> None: ...

class Answer:
    """Where the answer of a function goes."""

    def give(self, text: str) -> None: ...
    def fail(self, did: str) -> None: ...
