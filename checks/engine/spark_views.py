"""The views of the record families over their Parquet parts, on Spark: the same columns and types as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.engine.views import quoted
from evidence.errors import ProbityError
from evidence.families.schema import Column, Family, Type

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: How a column stands in Parquet, in Spark's words. Instants carry a zone; one without is no instant.
READ = {
    Type.TEXT: "string",
    Type.INSTANT: "timestamp",
    Type.DATE: "date",
    Type.BOOL: "boolean",
    Type.NUMBER: "bigint",
    Type.LIST: "array<string>",
}

#: How a kernel sees the column: instants are microseconds and dates are days since 1970.
SEEN = READ | {Type.INSTANT: "bigint", Type.DATE: "int"}

#: Spark takes a path with these for a pattern, and leaves out files whose names begin or end like this.
_PATTERN = frozenset("*?[]{}\\")
_HIDDEN_STARTS, _HIDDEN_END = ("_", "."), "._COPYING_"


def check_parts(family: Family, parts: Sequence[Path]) -> None:
    """Raise ProbityError where a part cannot be one of the family's, before anything is asked of it."""
    for part in parts:
        _checked_columns(family, part)


def create_view(session: SparkSession, family: Family, parts: Sequence[Path]) -> None:
    """Create the temporary view of one family, empty when it has no parts.

    A part without a needed column, with a column of another type, or with a name that Spark would read as a pattern
    or leave out, raises ProbityError. An optional column that no part has is null throughout.
    """
    stated = {name for part in parts for name in _checked_columns(family, part)}
    if parts:
        listed = ", ".join(f"{_ticked(c.name)} {READ[c.type]}" for c in family.all_columns if c.name in stated)
        rows = session.read.schema(listed).parquet(*(f"file://{part}" for part in parts))
    else:
        rows = session.range(0)
    seen = [_seen(column, column.name in stated) for column in family.all_columns]
    rows.selectExpr(*seen).createOrReplaceTempView(family.name)


def _checked_columns(family: Family, part: Path) -> set[str]:
    import pyarrow as pa  # noqa: PLC0415 - only Spark's views need it here
    import pyarrow.parquet as pq  # noqa: PLC0415

    if _PATTERN & set(str(part)):
        raise ProbityError(f"the path {part} holds one of * ? [ ] {{ }} \\ and would be read as a pattern; rename it")
    if part.name.startswith(_HIDDEN_STARTS) or part.name.endswith(_HIDDEN_END):
        raise ProbityError(f"Spark leaves out files named like {part.name}; rename it")
    try:
        schema = pq.read_schema(part)
    except (OSError, pa.ArrowException) as error:
        raise ProbityError(f"could not open the evidence: {part.name}: {error}") from error
    problem = next(_problems(family, {f.name: f.type for f in schema}), None)
    if problem:
        raise ProbityError(f"{part.name} is not a part of {family.name!r}: {problem}; normalise the evidence again")
    return set(schema.names)


def _problems(family: Family, types: dict[str, Any]) -> Iterator[str]:
    for column in family.all_columns:
        kind = types.get(column.name)
        if kind is None and column.needed:
            yield f"the column {column.name!r} is missing"
        elif kind is not None and not _fits(column.type, kind):
            yield f"the column {column.name!r} is {kind} and must be a {column.type}"


def _fits(wanted: Type, kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    match wanted:
        case Type.TEXT:
            return _is_text(kind)
        case Type.INSTANT:
            # Nanoseconds would be cut.
            return pa.types.is_timestamp(kind) and kind.tz is not None and kind.unit in {"ms", "us"}
        case Type.DATE:
            return bool(pa.types.is_date32(kind))
        case Type.BOOL:
            return bool(pa.types.is_boolean(kind))
        case Type.NUMBER:
            return bool(pa.types.is_int64(kind))
        case Type.LIST:
            return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _seen(column: Column, stated: bool) -> str:
    name = _ticked(column.name)
    if not stated:
        return f"CAST(NULL AS {SEEN[column.type]}) AS {name}"
    match column.type:
        case Type.INSTANT:
            return f"unix_micros({name}) AS {name}"
        case Type.DATE:
            return f"unix_date({name}) AS {name}"
        case _:
            return name


def _ticked(name: str) -> str:
    return quoted(name).replace('"', "`")
