"""What a witness remembers, in a folder: one file for each log, replaced whole."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence.errors import OutputFailed

MAX_BYTES = 64 * 1024


class WitnessFolder:
    """The checkpoints cosigned last; processes that share the folder wait for one another."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def held(self, origin: str) -> Iterator[None]:
        """Hold the lock of a log; the system lets go of it when the process ends, in whatever way."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file(origin, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as cause:
            raise self._failed(cause) from cause
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def recall(self, origin: str) -> bytes | None:
        """Return the checkpoint cosigned last, if any."""
        try:
            with self._file(origin, ".checkpoint").open("rb") as file:
                return file.read(MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise self._failed(cause) from cause

    def remember(self, origin: str, signed: bytes) -> None:
        """Replace the checkpoint; only for whoever holds the lock."""
        target = self._file(origin, ".checkpoint")
        partial = target.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                file.write(signed)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
            descriptor = os.open(self._root, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as cause:
            raise self._failed(cause) from cause

    def _file(self, origin: str, suffix: str) -> Path:
        return self._root / (hashlib.sha256(origin.encode()).hexdigest()[:32] + suffix)

    def _failed(self, cause: OSError) -> OutputFailed:
        return OutputFailed(f"the witness cannot keep its memory in {self._root}: {cause.strerror or cause}")
