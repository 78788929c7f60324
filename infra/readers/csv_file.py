"""CSV by the standard library's strict rules: a header, UTF-8, as many fields in every row as in the header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from evidence.errors import LimitExceeded, Terminal
from evidence.families.schema import Family
from infra.decompress import open_inflated
from infra.lines import read_lines
from infra.rows import column_of
from infra.tally import Tally


def read_csv(path: Path, family: Family, artefact: str, tally: Tally) -> Iterator[pa.Table]:
    """Yield raw batches of text columns. A file whose header does not fit is refused, and its rows are counted.

    `row` counts records from 0, unreadable ones included; blank lines are not records.
    """
    number = 0
    try:
        with open_inflated(path, tally.limits) as stream:
            lines = _Lines(stream, tally.limits.line)
            records = _records(lines)
            batch = _Batch(_header(records, family, tally), family, artefact, tally)
            for place, record in records:
                batch.add(place, record)
                number = lines.number
                if batch.full(lines.consumed):
                    yield batch.take(lines.consumed)
            yield batch.take(lines.consumed)
    except (Terminal, LimitExceeded) as cause:
        tally.break_off(f"line {number + 1}", str(cause))


class _Lines:
    """The lines of a stream as text. Bytes that are not UTF-8 become surrogates, which no column accepts."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._lines = read_lines(stream, limit)
        self.number = self.consumed = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        if line.data is None:
            # Whatever row this long line belongs to must fail, and a field above the csv module's bound does.
            return "x" * (csv.field_size_limit() + 1)
        self.consumed += len(line.data)
        return line.data.decode("utf-8", "surrogateescape")


#: The first line of a record, and its fields, or why it has none.
_Record = tuple[int, list[str] | str]


def _records(lines: _Lines) -> Iterator[_Record]:
    reader = csv.reader(lines, strict=True)
    while True:
        first = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as cause:
            # An open quote swallows lines; each of them was a record as far as anyone can tell.
            for swallowed in range(first, lines.number + 1):
                yield swallowed, str(cause)
            continue
        if fields:
            yield first, fields


def _header(records: Iterator[_Record], family: Family, tally: Tally) -> list[str]:
    _, header = next(records, (1, ""))
    if isinstance(header, str):
        tally.refuse("no readable header; the first line must name the columns")
        return []
    needed = [column.name for column in family.columns if column.needed]
    missing = [name for name in needed if name not in header]
    twice = [column.name for column in family.columns if header.count(column.name) > 1]
    if missing:
        tally.refuse(f"the needed column {missing[0]!r} is missing; add it to the header and to every row")
    elif twice:
        tally.refuse(f"the column {twice[0]!r} occurs more than once; keep one of them")
    return header


class _Batch:
    def __init__(self, header: list[str], family: Family, artefact: str, tally: Tally) -> None:
        self._width, self._artefact, self._tally = len(header), artefact, tally
        self._wanted = [(header.index(c.name), c.name) for c in family.columns if c.name in header]
        self._fields: list[list[str]] = []
        self._row: list[int] = []
        self._position = self._taken = 0

    def add(self, line: int, record: list[str] | str) -> None:
        problem = record if isinstance(record, str) else None
        if problem is None and self._width and len(record) != self._width:
            problem = f"{len(record)} fields where the header has {self._width}"
        if isinstance(record, str) or problem is not None:
            self._tally.lose(f"line {line}")
            self._tally.problem(f"{self._tally.name}:line {line}: {problem}")
        else:
            self._tally.rows += 1
            if not self._tally.refused:
                self._fields.append(record)
                self._row.append(self._position)
        self._position += 1

    def full(self, consumed: int) -> bool:
        limits = self._tally.limits
        return len(self._row) >= limits.batch_rows or consumed - self._taken >= limits.batch

    def take(self, consumed: int) -> pa.Table:
        defects: list[list[str]] = [[] for _ in self._row]
        columns: dict[str, pa.Array] = {}
        by_column = list(zip(*self._fields, strict=True)) or [()] * self._width
        for index, name in self._wanted:
            columns[name] = column_of(by_column[index], pa.string(), name, defects)
        columns["artefact"] = pa.repeat(self._artefact, len(self._row))
        columns["row"] = pa.array(self._row, pa.int64())
        columns["defects"] = pa.array(defects, pa.list_(pa.string()))
        self._fields, self._row, self._taken = [], [], consumed
        return pa.table(columns)
