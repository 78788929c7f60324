"""The turn of an audit: of all processes that want to audit one engagement by schedule, one at a time has it.

The kernel takes it from whoever dies. A limit kept by a server would outlive the run that holds it, or end with the
server while the run goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from evidence.errors import OutputFailed


@contextlib.contextmanager
def turn(state: Path) -> Iterator[None]:
    """Wait for the turn, and hold it."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        held = os.open(state / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as cause:
        raise OutputFailed(f"cannot take turns in {state}: {cause.strerror or cause}") from cause
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def is_taken(state: Path) -> bool:
    """Return whether somebody has the turn at this moment."""
    try:
        held = os.open(state / "turn", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False
