"""Working folders of runs: those of runs that were killed are removed by the next, those of living runs by nobody.

Those of runs that can be finished stay as well (`unfinished`).

Every run holds a shared lock on one file for as long as it lives; the kernel lets go of it however the run ends.
Whoever gets that lock alone knows that nobody else is at work, and that whatever lies there is left over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from infra.unfinished import unfinished


class WorkLock:
    """The lock of one run on the `state` folder of an engagement; where files cannot be locked, nothing is removed."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._held: int | None = None

    def claim(self) -> None:
        """Hold the lock until `release`, and remove what is left over if nobody else holds it."""
        if self._held is not None:
            return
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            self._held = os.open(self._state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._sweep()
            # Not one step: another run may sweep between the two, but this one has not begun anything yet.
            fcntl.flock(self._held, fcntl.LOCK_SH)
        except OSError:
            # Whether the folder can be written to is for those to say who need to write to it.
            self.release()

    def release(self) -> None:
        """Let go of the lock."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def _sweep(self) -> None:
        kept = {run.work for run in unfinished(self._state)}
        for left in set((self._state / "work").glob("*")) - kept:
            shutil.rmtree(left, ignore_errors=True)
        for left in (self._state / "locker").glob(".put-*"):
            left.unlink(missing_ok=True)
