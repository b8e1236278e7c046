"""One client for three video APIs: api.video, Twelve Labs and VideoVector.

``ApiVideo``, ``TwelveLabs`` and ``VideoVector`` are the clients, ``AsyncApiVideo`` and so on those
for asyncio; every exception is a ``FramekeyError``. Not affiliated with any of the three services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._callbacks import Notice as Notice
    from ._errors import FramekeyError as FramekeyError
    from ._files import FileInput as FileInput
    from ._unset import UNSET as UNSET
    from ._unset import Unset as Unset
    from .generated.api_video import ApiVideo as ApiVideo
    from .generated.api_video_async import AsyncApiVideo as AsyncApiVideo
    from .generated.errors import *  # noqa: F403
    from .generated.twelve_labs import TwelveLabs as TwelveLabs
    from .generated.twelve_labs_async import AsyncTwelveLabs as AsyncTwelveLabs
    from .generated.videovector import VideoVector as VideoVector
    from .generated.videovector_async import AsyncVideoVector as AsyncVideoVector

    __version__: str

# A service's classes, and the native library with them, are loaded when they are first asked for.
_HOMES = {
    "ApiVideo": ".generated.api_video",
    "AsyncApiVideo": ".generated.api_video_async",
    "TwelveLabs": ".generated.twelve_labs",
    "AsyncTwelveLabs": ".generated.twelve_labs_async",
    "VideoVector": ".generated.videovector",
    "AsyncVideoVector": ".generated.videovector_async",
    "FileInput": "._files",
    "FramekeyError": "._errors",
    "Notice": "._callbacks",
    "UNSET": "._unset",
    "Unset": "._unset",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("framekey")
    errors = import_module(".generated.errors", __name__)
    if name == "__all__":
        return [*_HOMES, *errors.__all__]
    home = _HOMES.get(name)
    if home is None and name not in errors.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home, __name__) if home else errors, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__getattr__("__all__"), "__version__"])
