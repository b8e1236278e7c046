from framekey._files import NativeFile

class Client:
    """A client of one service, called by operation ids."""

    def __new__(cls, service: str, options: str) -> Client: ...
    @property
    def base_url(self) -> str: ...
    def call(
        self, operation: str, arguments: str, files: list[NativeFile], timeout: float | None
    ) -> tuple[int, str | None, bytes]: ...
