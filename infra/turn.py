"""The turn of an audit: of all processes that want to audit one engagement, one at a time has it.

The kernel takes it from whoever dies. A limit kept by a server would outlive the run that holds it, or end with the
server while the run goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

from evidence.errors import OutputFailed

#: The folders whose turn the caller has: an audit that a schedule starts is part of the schedule's turn.
_MINE: ContextVar[frozenset[Path]] = ContextVar("turns", default=frozenset())


@contextlib.contextmanager
def turn(state: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Wait for the turn, and hold it; `waiting` is called before a wait. Yield whether there was one.

    Whoever has the turn of a folder already has it at once.
    """
    mine, state = _MINE.get(), state.absolute()
    if state in mine:
        yield False
        return
    with _held(state, waiting) as waited:
        token = _MINE.set(mine | {state})
        try:
            yield waited
        finally:
            _MINE.reset(token)


@contextlib.contextmanager
def _held(state: Path, waiting: Callable[[], None]) -> Iterator[bool]:
    try:
        state.mkdir(parents=True, exist_ok=True)
        held = os.open(state / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as cause:
        raise OutputFailed(f"cannot take turns in {state}: {cause.strerror or cause}") from cause
    try:
        yield _locked(held, state, waiting)
    finally:
        os.close(held)


def _locked(held: int, state: Path, waiting: Callable[[], None]) -> bool:
    """Lock an open file, and return whether somebody else had it first."""
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(held, fcntl.LOCK_EX)
            return True
    except OSError as cause:
        raise OutputFailed(f"cannot take turns in {state}: {cause.strerror or cause}") from cause
    return False


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
