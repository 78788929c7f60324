"""Collecting records into Arrow columns: a value of the wrong JSON type becomes null and names its column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from evidence.families.arrow import arrow_type
from evidence.families.schema import Family, Type

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


class Rows:
    """A batch of rows of one family, filled record by record; only columns of the family are kept."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._plan = [(column.name, _FITS[column.type]) for column in family.columns]
        self._clear()

    def __len__(self) -> int:
        return len(self._row)

    def add(self, record: Mapping[str, Any], *, artefact: str, row: int, defects: Sequence[str] = ()) -> None:
        """Add one record; keys that are no column of the family are ignored and never stored."""
        broken = list(defects)
        for (name, fits), values in zip(self._plan, self._values, strict=True):
            value = record.get(name)
            if value is not None and not fits(value):
                broken.append(name)
                value = None
            values.append(value)
        self._row.append(row)
        self._artefact.append(artefact)
        self._defects.append(broken)

    def take(self) -> pa.Table:
        """Return the rows collected so far as a raw batch and start the next one."""
        columns: dict[str, pa.Array] = {}
        for column, values in zip(self._family.columns, self._values, strict=True):
            kind = Type.TEXT if column.type in _WRITTEN_AS_TEXT else column.type
            columns[column.name] = column_of(values, arrow_type(kind), column.name, self._defects)
        columns["artefact"] = pa.array(self._artefact, pa.string())
        columns["row"] = pa.array(self._row, pa.int64())
        columns["defects"] = pa.array(self._defects, pa.list_(pa.string()))
        self._clear()
        return pa.table(columns)

    def _clear(self) -> None:
        self._values: list[list[Any]] = [[] for _ in self._plan]
        self._row: list[int] = []
        self._artefact: list[str] = []
        self._defects: list[list[str]] = []


def column_of(values: Sequence[Any], kind: pa.DataType, name: str, defects: Sequence[list[str]]) -> pa.Array:
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
