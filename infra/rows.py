"""Collecting records into Arrow columns: a value of the wrong JSON type becomes null and names its column."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from evidence.families.arrow import arrow_type
from evidence.families.schema import Column, Family, Type

_INT64 = 2**63


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_number(value: object) -> bool:
    return type(value) is int and -_INT64 <= value < _INT64


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is str for item in value)


_FITS: Mapping[Type, Callable[[object], bool]] = {
    Type.TEXT: _is_text,
    Type.INSTANT: _is_text,
    Type.DATE: _is_text,
    Type.BOOL: _is_bool,
    Type.NUMBER: _is_number,
    Type.LIST: _is_list,
}
_WRITTEN_AS_TEXT = (Type.INSTANT, Type.DATE)
_TEXT, _NUMBER = frozenset({str, type(None)}), frozenset({int, type(None)})

#: Names of columns by the index of the row in its batch, for the rows that have any.
Defects: TypeAlias = defaultdict[int, list[str]]


class Rows:
    """A batch of rows of one family, filled record by record; only columns of the family are kept."""

    def __init__(self, family: Family) -> None:
        self._columns = family.columns
        self._clear()

    def __len__(self) -> int:
        return len(self._row)

    def add(self, record: Mapping[str, Any], *, artefact: str, row: int) -> None:
        """Add one record; keys that are no column of the family are ignored and never stored."""
        for column, values in zip(self._columns, self._values, strict=True):
            values.append(record.get(column.name))
        self._row.append(row)
        self._artefact.append(artefact)

    def take(self) -> pa.Table:
        """Return the rows collected so far as a raw batch and start the next one."""
        stated = dict(zip(self._columns, self._values, strict=True))
        batch = raw_batch(stated, self._artefact, self._row, defaultdict(list))
        self._clear()
        return batch

    def _clear(self) -> None:
        self._values: list[list[Any]] = [[] for _ in self._columns]
        self._row: list[int] = []
        self._artefact: list[str] = []


def raw_batch(
    stated: Mapping[Column, Sequence[Any]], artefacts: Sequence[str], rows: Sequence[int], defects: Defects
) -> pa.Table:
    """Return decoded JSON values by column as a raw batch; `defects` may name columns already."""
    columns = {column.name: _admitted(column, values, defects) for column, values in stated.items()}
    columns["artefact"] = pa.array(artefacts, pa.string())
    columns["row"] = pa.array(rows, pa.int64())
    columns["defects"] = pa.array([defects.get(index, ()) for index in range(len(rows))], pa.list_(pa.string()))
    return pa.table(columns)


def _admitted(column: Column, values: Sequence[Any], defects: Defects) -> pa.Array:
    textual = column.type is Type.TEXT or column.type in _WRITTEN_AS_TEXT
    kind = arrow_type(Type.TEXT if textual else column.type)
    usual = _TEXT if textual else _NUMBER if column.type is Type.NUMBER else frozenset[type]()
    if set(map(type, values)) <= usual:
        with contextlib.suppress(OverflowError, pa.ArrowInvalid):
            return column_of(values, kind, column.name, defects)
    fits = _FITS[column.type]
    kept = [value if value is None or fits(value) else None for value in values]
    for index, value in enumerate(values):
        if value is not None and kept[index] is None:
            defects[index].append(column.name)
    return column_of(kept, kind, column.name, defects)


def column_of(values: Sequence[Any], kind: pa.DataType, name: str, defects: Defects | Sequence[list[str]]) -> pa.Array:
    """Return values as an Arrow column; text that is not Unicode becomes null and names its column in `defects`."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        # Half a surrogate pair: from a JSON escape, or standing for a byte that is not UTF-8.
        kept = list(values)
        for index, value in enumerate(kept):
            if value is not None and not _encodes("".join(value)):
                kept[index] = None
                defects[index].append(name)
        return pa.array(kept, kind)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
