"""Which runs were answered: a mark each in the state folder, written once everything that follows of a run was done.

A mark that is lost costs nothing but work: whatever follows of a run is named after it, and is done once.
"""

from __future__ import annotations

import os
from pathlib import Path

from evidence.bundle import flush_folder
from evidence.errors import OutputFailed

FOLDER = "answered"


class Answered:
    """The marks of one engagement."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def __contains__(self, run: str) -> bool:
        """Return whether a run was answered."""
        return (self._folder / run).exists()

    def mark(self, run: str) -> None:
        """Note that a run was answered."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._folder / run, os.O_WRONLY | os.O_CREAT, 0o600))
            flush_folder(self._folder)
        except OSError as cause:
            raise OutputFailed(f"cannot write to {self._folder}: {cause.strerror or cause}") from cause
