"""api.video's own Python client, pointed at the emulator."""

from __future__ import annotations

import time
from typing import Any

from apivideo import AuthenticatedApiClient

CLIENT = "api-video-python"
LEAST_PART = 5 << 20


def connected(emulator: Any, service: str = "api-video") -> AuthenticatedApiClient:
    """A client that has exchanged its key, as `with AuthenticatedApiClient(...)` leaves it."""
    info = emulator.info[service]
    client = AuthenticatedApiClient(info["api_key"])
    # `production=` chooses between two hosts only; another one is set where the client keeps it.
    client.configuration.host = info["base_url"]
    client.connect()
    return client


def until(condition: Any, what: str) -> Any:
    """The first true answer; the emulator's clocks take less than a second."""
    for _ in range(200):
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within four seconds: {what}")
