"""The dead man's switch: an outside monitor is told that all is well, and raises its own alarm when it is not told.

A heartbeat is no message of the outbox: one that is sent later than it was due would be a lie.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from infra.notify.post import Call, call


def beat(url: str, method: Literal["get", "post"], now: datetime) -> None:
    """Ask the monitor's address once; raises `NotDelivered` when it did not answer with 2xx."""
    call(Call("GET" if method == "get" else "POST", url, now, content=None if method == "get" else b"{}"))
