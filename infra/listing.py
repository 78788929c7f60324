"""Listing a folder of evidence: every file in a fixed order, nothing outside the folder, nothing left unmentioned."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import BadInput, LimitExceeded, Place, Problem, Terminal
from infra.limits import Limits


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder: its name relative to it (`/` between parts), and why it may not be read, if so."""

    name: str
    path: Path
    size: int
    refused: str = ""


def list_folder(folder: Path, *, shown: str, limits: Limits) -> tuple[Entry, ...]:
    """Return all files below a folder by name; `shown` is how messages call the folder.

    A link is followed only to a regular file inside the folder: evidence comes from the audited party, and must not
    make us read, store and publish something else on this machine. Raises `BadInput` if the folder is absent.
    """
    if not folder.is_dir():
        wrong = "is not a folder" if folder.exists() else "does not exist"
        hint = "give the path of a folder, relative to the engagement"
        raise BadInput(Problem("G001", f"the evidence folder {shown!r} {wrong}", Place(shown), hint))
    found: list[Entry] = []
    try:
        inside = folder.resolve(strict=True)
        for path in _walk(folder):
            found.append(_entry(path, folder, inside))
            if len(found) > limits.files:
                raise LimitExceeded(f"{shown} holds more than {limits.files} files; split it into several sources")
    except OSError as cause:
        raise Terminal(f"{shown} cannot be listed: {cause.strerror or cause}; check its permissions") from cause
    return tuple(sorted(found, key=lambda entry: entry.name))


def _walk(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    yield Path(entry.path)


def _entry(path: Path, folder: Path, inside: Path) -> Entry:
    name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace").replace(os.sep, "/")
    try:
        real = path.resolve(strict=True)
        found = real.stat()
    except (OSError, RuntimeError):
        return Entry(name, path, 0, "a link that leads nowhere")
    if not real.is_relative_to(inside):
        return Entry(name, path, 0, "a link that leads out of the folder")
    if not stat.S_ISREG(found.st_mode):
        return Entry(name, path, 0, "not a regular file")
    return Entry(name, path, found.st_size)
