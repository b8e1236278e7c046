"""File arguments: paths, bytes and open binary files, as the native half takes them."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import IO, Optional, Union

from ._errors import usage
from ._unset import UNSET

FileInput = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, IO[bytes]]
"""A path, bytes, or an open binary file that is sent from where it stands."""

LARGEST_READ = 256 * 1024 * 1024
"""A file object that is not a file on disk is read into memory, up to this many bytes."""

# Argument, file name, content type; then a path with offset and length, or the bytes themselves.
NativeFile = tuple[str, Optional[str], Optional[str], Optional[str], int, int, Optional[bytes]]


def prepare(files: Mapping[str, object]) -> list[NativeFile]:
    """The files that were given. A path is opened here once, so that a missing file is told early."""
    given = [(name, file) for name, file in files.items() if file is not UNSET and file is not None]
    return [
        _one(name, one) for name, file in given for one in (file if isinstance(file, (list, tuple)) else [file])
    ]


def _one(argument: str, file: object) -> NativeFile:
    if isinstance(file, (bytes, bytearray, memoryview)):
        return (argument, None, None, None, 0, 0, bytes(file))
    if isinstance(file, (str, os.PathLike)):
        path = os.fspath(file)
        return (argument, os.path.basename(path), None, path, 0, _size(argument, path), None)
    read = getattr(file, "read", None)
    if read is None or hasattr(file, "encoding"):
        kind = type(file).__name__
        raise usage("usage.bad_file", f"argument `{argument}` takes a path, bytes or a file opened in binary mode, not {kind}")
    path = _on_disk(file)
    if path is not None:
        offset = file.tell()  # type: ignore[attr-defined]
        length = max(0, os.path.getsize(path) - offset)
        return (argument, os.path.basename(path), None, path, offset, length, None)
    data = read(LARGEST_READ + 1)
    if not isinstance(data, bytes):
        raise usage("usage.bad_file", f"argument `{argument}`: the file gives {type(data).__name__}; open it in binary mode")
    if len(data) > LARGEST_READ:
        limit = LARGEST_READ >> 20
        raise usage("usage.bad_file", f"argument `{argument}`: only a file on disk may have more than {limit} MiB; pass its path")
    return (argument, None, None, None, 0, 0, data)


def _size(argument: str, path: str) -> int:
    try:
        with open(path, "rb") as opened:
            status = os.fstat(opened.fileno())
    except OSError as error:
        raise usage("usage.bad_file", f"argument `{argument}`: {path}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise usage("usage.bad_file", f"argument `{argument}`: {path}: is not a regular file")
    return status.st_size


def _on_disk(file: object) -> str | None:
    """The path of an open file, if it is the same file still and its position can be told."""
    name = getattr(file, "name", None)
    if not isinstance(name, str):
        return None
    try:
        opened = os.fstat(file.fileno())  # type: ignore[attr-defined]
        file.tell()  # type: ignore[attr-defined]
        same = os.path.samestat(opened, os.stat(name))
    except (OSError, AttributeError, ValueError):
        return None
    return os.path.abspath(name) if same and stat.S_ISREG(opened.st_mode) else None
