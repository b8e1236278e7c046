"""Fixtures for pytest, known to it as soon as framekey is installed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .emulator import Emulator


@pytest.fixture(scope="session")
def framekey_emulator_process() -> Iterator[Emulator]:
    """The emulator's process, one for all tests; a test takes `framekey_emulator`, which is fresh."""
    # Here and not above, so that it costs nothing where no test asks for it.
    from .emulator import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def framekey_emulator(framekey_emulator_process: Emulator, request: pytest.FixtureRequest) -> Emulator:
    """A local emulator of api.video, Twelve Labs and VideoVector, as new in each test.

    Ids are the same in every run. api.video's keys are the test's own: clients of one process share what
    they know of a key, and what one test did to it is not the next one's business.
    """
    test = sha256(request.node.nodeid.encode()).hexdigest()
    keys = {"api_video_key": f"key-{test}", "api_video_sandbox_key": f"sandbox-key-{test}"}
    framekey_emulator_process.apply({"credentials": keys})
    return framekey_emulator_process
