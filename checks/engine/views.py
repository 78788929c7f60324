"""The view of each record family over its Parquet parts: the types that kernels read, or a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from evidence.errors import ProbityError
from evidence.families.schema import Column, Family, Type

#: How a column stands in Parquet, as DuckDB names it. A zone-less TIMESTAMP is no instant, and nanoseconds would be
#: cut, so neither is accepted.
STORED = {
    Type.TEXT: "VARCHAR",
    Type.INSTANT: "TIMESTAMP WITH TIME ZONE",
    Type.DATE: "DATE",
    Type.BOOL: "BOOLEAN",
    Type.NUMBER: "BIGINT",
    Type.LIST: "VARCHAR[]",
}

#: How a kernel sees the column: instants are microseconds and dates are days since 1970, so all arithmetic is exact.
SEEN = STORED | {Type.INSTANT: "BIGINT", Type.DATE: "INTEGER"}

#: Characters that `read_parquet` would take for a pattern.
_PATTERN = frozenset("*?[")

Parts = Mapping[str, Sequence[Path]]


def absolute_parts(tables: Parts, families: Mapping[str, Family]) -> dict[str, list[Path]]:
    """Return the parts by family as absolute paths; an unknown family or a pattern in a path raises ProbityError."""
    unknown = sorted(set(tables) - set(families))
    if unknown:
        raise ProbityError(f"no record family is called {unknown[0]!r}; known: {', '.join(sorted(families))}")
    found = {name: [part.absolute() for part in parts] for name, parts in tables.items()}
    for part in (p for parts in found.values() for p in parts):
        if _PATTERN & set(str(part)):
            raise ProbityError(f"the path {part} holds one of * ? [ and would be read as a pattern; rename it")
    return found


def create_view(connection: duckdb.DuckDBPyConnection, family: Family, parts: Sequence[Path]) -> None:
    """Create the view of one family, empty when it has no parts.

    A part without a needed column, or with a column of another type, raises ProbityError: silence about a column
    would read as an answer. An optional column that no part has is null throughout.
    """
    stated = set[str]()
    for part in parts:
        stated |= _checked_columns(connection, family, part)
    columns = ", ".join(_seen(column, column.name in stated) for column in family.all_columns)
    files = ", ".join(literal(str(part)) for part in parts)
    rows = f"FROM read_parquet([{files}], union_by_name = true)" if parts else "WHERE false"
    connection.execute(f"CREATE VIEW {quoted(family.name)} AS SELECT {columns} {rows}")


def literal(text: str) -> str:
    """Return a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a SQL identifier that no keyword can be mistaken for."""
    return '"' + name.replace('"', '""') + '"'


def _checked_columns(connection: duckdb.DuckDBPyConnection, family: Family, part: Path) -> set[str]:
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet([?])", [str(part)]).fetchall()
    types = {name: kind for name, kind, *_ in described}
    problem = next(_problems(family, types), None)
    if problem:
        raise ProbityError(f"{part.name} is not a part of {family.name!r}: {problem}; normalise the evidence again")
    return set(types)


def _problems(family: Family, types: Mapping[str, str]) -> Iterator[str]:
    for column in family.all_columns:
        kind = types.get(column.name)
        if kind is None and column.needed:
            yield f"the column {column.name!r} is missing"
        elif kind is not None and kind != STORED[column.type]:
            yield f"the column {column.name!r} is {kind} and must be {STORED[column.type]}"


def _seen(column: Column, stated: bool) -> str:
    name = quoted(column.name)
    if not stated:
        return f"CAST(NULL AS {SEEN[column.type]}) AS {name}"
    match column.type:
        case Type.INSTANT:
            return f"epoch_us({name}) AS {name}"
        case Type.DATE:
            return f"CAST({name} - DATE '1970-01-01' AS INTEGER) AS {name}"
        case _:
            return name
