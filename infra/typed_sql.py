"""How raw values become typed ones, as SQL: one expression per column type, null wherever the rules do not allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pyarrow as pa

from evidence.families.schema import Column, Type

#: RFC 3339 with an offset; digits beyond microseconds only where they are zero; no leap second.
INSTANT = (
    r"\d{4}-\d{2}-\d{2}[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6}0*)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
DAY = r"\d{4}-\d{2}-\d{2}"
INTEGER = r"-?\d{1,19}"

#: Instants outside the years 1970 to 2200 are clerical errors or attacks.
EARLIEST, AFTER_LATEST = "TIMESTAMPTZ '1970-01-01 00:00:00+00'", "TIMESTAMPTZ '2201-01-01 00:00:00+00'"

SQL_TYPES: Mapping[Type, str] = {
    Type.TEXT: "VARCHAR",
    Type.INSTANT: "TIMESTAMPTZ",
    Type.DATE: "DATE",
    Type.BOOL: "BOOLEAN",
    Type.NUMBER: "BIGINT",
    Type.LIST: "VARCHAR[]",
}

#: Printable ASCII without the space.
PLAIN = bytes(range(0x21, 0x7F))

#: SQL for one column.
Expression: TypeAlias = str


def nothing(column: Column) -> Expression:
    """Return the null of a column's type."""
    return f"NULL::{SQL_TYPES[column.type]}"


def reading(column: Column, kind: pa.DataType, raw: Expression, *, textual: bool) -> Expression | None:
    """Return how `raw` values of an Arrow type are read into a column, or None where none of them can be.

    A textual source (CSV) writes booleans, numbers and lists as text; a typed one must use its own types, because a
    number where text belongs says that its author meant another column.
    """
    if pa.types.is_null(kind):
        return nothing(column)
    return _READERS[column.type](column, kind, raw, textual)


def tidy(raw: Expression) -> Expression:
    """Return text in one form: NFC, without spaces around it, and single spaces within.

    Spelling must not make two names of one thing, nor one name of two; printable ASCII without spaces is in that form.
    """
    space = r"[\s\p{Z}\x{200B}\x{FEFF}]+"
    single = f"regexp_replace(nfc_normalize({raw}), '{space}', ' ', 'g')"
    return f"CASE WHEN regexp_full_match({raw}, '[!-~]*') THEN {raw} ELSE trim({single}) END"


def is_tidy(values: pa.ChunkedArray) -> bool:
    """Return whether the bytes of a text column prove that `tidy` would leave every value as it is."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return False
    return not any(data.to_pybytes().translate(None, PLAIN) for chunk in values.chunks if (data := chunk.buffers()[2]))


def is_text(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _text(column: Column, kind: pa.DataType, raw: Expression, _textual: bool) -> Expression | None:
    if not is_text(kind):
        return None
    allowed = ", ".join(f"'{value}'" for value in column.allowed)
    return f"CASE WHEN {raw} IN ({allowed}) THEN {raw} END" if allowed else raw


def _instant(_column: Column, kind: pa.DataType, raw: Expression, _textual: bool) -> Expression | None:
    if is_text(kind):
        read = f"CASE WHEN regexp_full_match({raw}, '{INSTANT}') THEN TRY_CAST(upper({raw}) AS TIMESTAMPTZ) END"
    elif not pa.types.is_timestamp(kind) or kind.tz is None:
        return None
    elif kind.unit == "ns":
        read = f"CASE WHEN {raw} % 1000 = 0 THEN to_timestamp(0) + to_microseconds({raw} // 1000) END"
    else:
        read = raw
    return f"CASE WHEN ({read}) >= {EARLIEST} AND ({read}) < {AFTER_LATEST} THEN ({read}) END"


def _date(_column: Column, kind: pa.DataType, raw: Expression, _textual: bool) -> Expression | None:
    if is_text(kind):
        return f"CASE WHEN regexp_full_match({raw}, '{DAY}') THEN TRY_CAST({raw} AS DATE) END"
    return raw if pa.types.is_date32(kind) else None


def _bool(_column: Column, kind: pa.DataType, raw: Expression, textual: bool) -> Expression | None:
    if pa.types.is_boolean(kind):
        return raw
    return f"CASE lower({raw}) WHEN 'true' THEN true WHEN 'false' THEN false END" if textual else None


def _number(_column: Column, kind: pa.DataType, raw: Expression, textual: bool) -> Expression | None:
    if pa.types.is_integer(kind):
        return f"TRY_CAST({raw} AS BIGINT)"
    return f"CASE WHEN regexp_full_match({raw}, '{INTEGER}') THEN TRY_CAST({raw} AS BIGINT) END" if textual else None


def _list(_column: Column, kind: pa.DataType, raw: Expression, textual: bool) -> Expression | None:
    if textual:
        others = f"list_filter(json_extract({raw}, '$[*]'), lambda i: json_type(i) <> 'VARCHAR')"
        strings = f"json_valid({raw}) AND json_type({raw}) = 'ARRAY' AND len({others}) = 0"
        items = _tidy_items(f"json_extract_string({raw}, '$[*]')")
        return f"CASE WHEN {strings} AND {_says_something(items)} THEN {items} END"
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return None
    if not (is_text(kind.value_type) or pa.types.is_null(kind.value_type)):
        return None
    items = _tidy_items(f"{raw}::VARCHAR[]")
    return f"CASE WHEN len(list_filter({raw}, lambda i: i IS NULL)) = 0 AND {_says_something(items)} THEN {items} END"


def _says_something(items: Expression) -> Expression:
    """An item that is blank names nothing: whoever wrote it left out what belongs there."""
    return f"len(list_filter({items}, lambda i: i = '')) = 0"


def _tidy_items(items: Expression) -> Expression:
    return f"list_transform({items}, lambda i: {tidy('i')})"


_READERS: Mapping[Type, Callable[[Column, pa.DataType, Expression, bool], Expression | None]] = {
    Type.TEXT: _text,
    Type.INSTANT: _instant,
    Type.DATE: _date,
    Type.BOOL: _bool,
    Type.NUMBER: _number,
    Type.LIST: _list,
}
