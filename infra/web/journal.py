"""What an inquiry has received so far, on disk: a run that was killed goes on after the last page that is stored.

A journal is a file of JSON lines beside the locker's objects. A line is written only after the page it names is in the
locker; a line that a crash cut short is not there. When the inquiry ends its journal is removed, so that only an
interrupted one is ever resumed.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from evidence.canonical import canonical_bytes
from evidence.errors import OutputFailed

MAX_BYTES = 64 * 1024 * 1024


class Journal:
    """The journal of one question; `question` is everything that makes it another question, such as the period."""

    def __init__(self, folder: Path, question: Any) -> None:
        self._path = folder / f"{hashlib.sha256(canonical_bytes(question)).hexdigest()}.jsonl"

    def lines(self) -> list[dict[str, Any]]:
        """Return what an interrupted inquiry has noted, oldest first; nothing when there is none."""
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_BYTES)
        except FileNotFoundError:
            return []
        except OSError as cause:
            raise self._failed("read", cause) from cause
        whole, _, _ = data.rpartition(b"\n")
        found: list[dict[str, Any]] = []
        for line in whole.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                break  # what stands behind a damaged line cannot be trusted to follow it
        return found

    def note(self, line: dict[str, Any]) -> None:
        """Append one line durably."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(canonical_bytes(line) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as cause:
            raise self._failed("write", cause) from cause

    def restart(self, lines: list[dict[str, Any]]) -> None:
        """Replace the journal by the lines that are still good; a line cut short would swallow the next one."""
        if not lines:
            return self.end()
        partial = self._path.with_suffix(".partial")
        try:
            partial.write_bytes(b"".join(canonical_bytes(line) + b"\n" for line in lines))
            partial.replace(self._path)
        except OSError as cause:
            raise self._failed("write", cause) from cause
        return None

    def end(self) -> None:
        """Remove the journal: the inquiry is over, and the next one asks anew."""
        self._path.unlink(missing_ok=True)

    def _failed(self, verb: str, cause: OSError) -> OutputFailed:
        return OutputFailed(f"cannot {verb} the journal of an inquiry: {cause.strerror or cause}")
