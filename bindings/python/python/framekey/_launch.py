"""Finds the ``framekey`` command, runs its emulator as a child process, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import Any

VARIABLE = "FRAMEKEY_BIN"
_HOW = f"Install it with `cargo install framekey-cli`, or set {VARIABLE} to the path of the command."


class EmulatorError(Exception):
    """The emulator was not found, did not start or has ended, or refused what a test asked of it."""


class Process:
    """A running emulator. It ends with this process, however that ends: the pipe to it closes then."""

    def __init__(self, binary: str | os.PathLike[str] | None, options: Sequence[str], patience: float) -> None:
        command, origin = _find(binary)
        self._name = f"`{command}` ({origin})"
        # A file and no pipe: it never fills up, and nobody has to read it meanwhile.
        self._errors = tempfile.TemporaryFile()
        try:
            self._child = subprocess.Popen(
                [command, "emulate", "--json", "--until-stdin-closes", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                # Ctrl-C in a terminal is for the tests; they end the emulator when they have ended.
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            why = "was not found" if isinstance(error, FileNotFoundError) else f"cannot be run: {error.strerror}"
            raise EmulatorError(f"{self._name} {why}. {_HOW}") from None
        try:
            self.info = self._ready(patience)
        except BaseException:
            self.stop()
            raise

    def _ready(self, patience: float) -> dict[str, Any]:
        # A pipe has no time limit of its own, and select does not know pipes on Windows.
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._kill()

        timer = threading.Timer(patience, give_up)
        timer.daemon = True
        timer.start()
        try:
            assert self._child.stdout is not None
            line = self._child.stdout.readline(1 << 20)
        finally:
            timer.cancel()
        if late.is_set():
            self._child.wait()
            raise EmulatorError(f"{self._name} was not ready within {patience:g} seconds{self._said()}")
        if not line.endswith(b"\n"):
            how = self.ended() or "closed its output before it was ready"
            raise EmulatorError(f"{self._name} {how}")
        return self._fitting(line)

    def _fitting(self, line: bytes) -> dict[str, Any]:
        try:
            info = json.loads(line)
        except ValueError:
            info = None
        if not isinstance(info, dict) or not isinstance(info.get("control"), str):
            begin = line[:80].decode(errors="replace").strip()
            raise EmulatorError(f"{self._name} is not the framekey command: it said `{begin}`. {_HOW}")
        ours, its = _version(), str(info.get("version", "unknown"))
        if ours.split(".")[:2] != its.split(".")[:2]:
            how = f"`cargo install framekey-cli --version {ours}`"
            raise EmulatorError(f"{self._name} is version {its}, and this package is {ours}: {how} fits")
        return info

    def ended(self) -> str | None:
        """How it ended and what it said, if it has; what it left behind may be noticed a little before."""
        try:
            code = self._child.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            return None
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return how + self._said()

    def _said(self) -> str:
        if self._errors.closed:
            return ""
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        return f". It said: {said}" if said else ", without a word"

    def stop(self) -> None:
        """Ends it, as Ctrl-C would, and waits for that."""
        child = self._child
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        if os.name == "posix":
            # A process that was forked meanwhile may hold the pipe too. Elsewhere this would kill it.
            child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._kill()
            child.wait()
        self._errors.close()

    def _kill(self) -> None:
        """Ends it, and what it started: a script in its place may have a child that holds the pipe."""
        if sys.platform == "win32":
            self._child.kill()
        else:
            with contextlib.suppress(OSError):
                os.killpg(self._child.pid, signal.SIGKILL)


def _find(binary: str | os.PathLike[str] | None) -> tuple[str, str]:
    """The command, and where it is said: the argument, the variable, else whatever is on PATH."""
    if binary is not None:
        return os.fspath(binary), "the argument `binary`"
    named = os.environ.get(VARIABLE)
    if named:
        return named, VARIABLE
    return "framekey", f"on PATH, since neither `binary` nor {VARIABLE} is set"


def _version() -> str:
    from importlib.metadata import version

    return version("framekey")
