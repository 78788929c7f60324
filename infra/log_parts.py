"""The parts of a group of log files: opened with the first row, and the same bytes however the rows arrive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa

from infra.source import Gathering
from infra.tables import Part


class EvenPart:
    """A part whose row groups all have the same number of rows, however the rows arrive."""

    def __init__(self, part: Part, group: int) -> None:
        self._part, self._group = part, group
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        """Add rows; whole groups are written."""
        self._waiting.append(table)
        self._rows += len(table)
        while self._rows >= self._group:
            self._write(self._group)

    def finish(self) -> None:
        """Write what is left as the last group."""
        if self._rows:
            self._write(self._rows)

    def _write(self, rows: int) -> None:
        whole = pa.concat_tables(self._waiting)
        # One chunk, because the writer begins a page where a chunk begins, and the same rows must give the same bytes.
        self._part.add(whole.slice(0, rows).combine_chunks())
        self._waiting, self._rows = [whole.slice(rows)], len(whole) - rows


class LogParts:
    """One part for each family of one group after the other; what is not kept is removed when the block is left."""

    def __init__(self, gathering: Gathering, families: Sequence[str]) -> None:
        self._gathering, self._families = gathering, families
        self._kept: set[str] = set()
        self._open: dict[str, tuple[Part, EvenPart]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._open.values():
            opened[0].__exit__(None, None, None)

    def add(self, name: str, table: pa.Table) -> None:
        """Add rows of a family to the group's part."""
        if not len(table):
            return
        if name not in self._open:
            opened = self._gathering.part(name)
            self._open[name] = opened, EvenPart(opened, self._gathering.limits.batch_rows)
        self._open[name][1].add(table)

    def keep(self) -> dict[str, Path]:
        """End the group and return its parts by family."""
        kept = {}
        for name, (part, even) in sorted(self._open.items()):
            even.finish()
            self._gathering.keep_part(name, part)
            kept[name] = part.path
        self._kept |= kept.keys()
        self._open = {}
        return kept

    def take(self, name: str, data: bytes) -> None:
        """Take what `keep` made of a group before as its part."""
        self._gathering.take_part(name, data)
        self._kept.add(name)

    def complete(self) -> None:
        """Keep an empty part of each family that has none: there is evidence, and it says nothing."""
        for name in self._families:
            if name not in self._kept:
                with self._gathering.part(name) as part:
                    self._gathering.keep_part(name, part)
