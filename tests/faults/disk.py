"""Faults of files: torn, emptied, overwritten, lost, doubled, renamed, or replaced by a link that leads away."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.faults.scenario import Fault

DISK = ("torn", "emptied", "overwritten", "lost", "doubled", "renamed", "linked")


def strike(folder: Path, fault: Fault) -> None:
    """Do one thing to one file of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = fault.draw.choice(files)
    WAYS[fault.name](path, fault)
    fault.strike(f"{fault.name} {path.relative_to(folder)}")


def _torn(path: Path, fault: Fault) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: fault.draw.randrange(len(data))])


def _overwritten(path: Path, fault: Fault) -> None:
    """Write over a piece of the file as a disk does: with bytes that are no text."""
    data = bytearray(path.read_bytes())
    first = fault.draw.randrange(len(data))
    for place in range(first, min(first + 16, len(data))):
        data[place] = 0xFF
    path.write_bytes(data)


def _doubled(path: Path, _: Fault) -> None:
    """Put a copy beside the file; one that was compressed is another file by its bytes."""
    copy = path.with_name(f"{path.name.partition('.')[0]}-copy.{path.name.partition('.')[2]}")
    data = path.read_bytes()
    copy.write_bytes(gzip.compress(gzip.decompress(data), 1) if data[:2] == b"\x1f\x8b" else data)


def _linked(path: Path, _: Fault) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


WAYS: Mapping[str, Callable[[Path, Fault], object]] = {
    "torn": _torn,
    "emptied": lambda path, _: path.write_bytes(b""),
    "overwritten": _overwritten,
    "lost": lambda path, _: path.unlink(),
    "doubled": _doubled,
    "renamed": lambda path, _: path.rename(path.with_suffix(".bak")),
    "linked": _linked,
}
