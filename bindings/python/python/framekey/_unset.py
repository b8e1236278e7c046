"""The value of an argument that was not given: it is not sent, where None is sent as null."""

from __future__ import annotations

from typing import Final, final


@final
class Unset:
    """The type of UNSET. There is one value of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
