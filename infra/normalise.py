"""From raw columns to typed ones, batch by batch: what cannot be read becomes null and is named, never dropped."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.errors import ProbityError
from evidence.families.arrow import arrow_schema
from evidence.families.schema import Column, Family, Type
from infra.typed_sql import Expression, is_text, is_tidy, nothing, reading, tidy

_KEPT = ("artefact", "row", "defects")


@cache
def _database(_process: int) -> duckdb.DuckDBPyConnection:
    """Return the database of a process, of which each normaliser has a session: opening one costs more than a file.

    Nothing is kept in it: what a session registers is its own. A forked process has one of its own, since threads of
    the other's are not in it.
    """
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})


class Normaliser:
    """Types the raw batches of one family. `textual` sources (CSV) have no types and write null as an empty string.

    A raw batch has any of the family's columns, and `artefact`, `row` and `defects` (what the reader already refused).
    `noted` is told the personal values of a field, such as `audit_log.actor`, that tokens replace.
    """

    def __init__(
        self,
        family: Family,
        source: str,
        token: Callable[[str], str],
        *,
        textual: bool = False,
        noted: Callable[[str, Sequence[str]], None] | None = None,
    ) -> None:
        self._family, self._source, self._token, self._textual, self._noted = family, source, token, textual, noted
        self._schema = arrow_schema(family)
        self._database = _database(os.getpid()).cursor()
        self._database.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()

    def typed(self, raw: pa.Table) -> pa.Table:
        """Return a batch with exactly the columns of the family's schema, in the order of the rows given."""
        columns = {name: raw.column(name) for name in _KEPT}
        expressions: dict[str, Expression] = {}
        given: dict[str, Expression] = {}
        for column in self._family.columns:
            if column.name in raw.column_names:
                stated = raw.column(column.name)
                given[column.name] = self._given(column, stated)
                values, expressions[column.name] = self._admit(column, stated, given[column.name])
                columns[f"raw {column.name}"] = values
                if values is not stated:
                    given[column.name] = self._given(column, values)
            else:
                expressions[column.name] = nothing(column)
        try:
            self._database.register("raw_batch", pa.table(columns))
            table = self._database.sql(self._query(expressions, given)).to_arrow_table()
            self._database.unregister("raw_batch")
        except duckdb.Error as cause:
            # What the database says may repeat a value.
            raise ProbityError(f"rows of {self._family.name} cannot be typed ({type(cause).__name__})") from cause
        return self._finished(table)

    def _query(self, expressions: dict[str, Expression], given: dict[str, Expression]) -> str:
        typed = ", ".join(f'{sql} AS "{name}"' for name, sql in expressions.items())
        broken = ", ".join(
            f"""CASE WHEN {stated} IS NOT NULL AND "{name}" IS NULL THEN '{name}' END"""
            for name, stated in given.items()
        )
        names = ", ".join(f'"{name}"' for name in expressions)
        found = f"list_filter([{broken}]::VARCHAR[], lambda d: d IS NOT NULL)"
        # Every name in here comes from our own schemas; values never enter the text.
        return (
            f'SELECT {names}, artefact, "row", list_concat(defects, {found}) AS defects '
            f"FROM (SELECT *, {typed} FROM raw_batch)"
        )

    def _given(self, column: Column, values: pa.ChunkedArray) -> Expression:
        """Return what was stated, or null: blank text states nothing, in any format."""
        name = f'"raw {column.name}"'
        if column.type is Type.TEXT and is_text(values.type):
            # Seeing it from the bytes of the whole column costs a hundredth of asking for every value.
            return f"nullif({name if is_tidy(values) else tidy(name)}, '')"
        return f"nullif({name}, '')" if self._textual else name

    def _admit(self, column: Column, values: pa.ChunkedArray, given: Expression) -> tuple[pa.ChunkedArray, Expression]:
        expression = reading(column, values.type, given, textual=self._textual)
        if expression is None:
            # Only whether something stood there matters, and the type may be one that DuckDB cannot take.
            return pc.if_else(pc.is_valid(values), True, None), nothing(column)
        if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
            values = values.cast(pa.int64())
        return values, expression

    def _finished(self, table: pa.Table) -> pa.Table:
        for index, column in enumerate(self._family.columns):
            if column.personal:
                table = table.set_column(index, column.name, self._tokens(column.name, table.column(column.name)))
        for name in self._schema.names:
            if name not in table.column_names:
                value = pa.scalar(self._source if name == "source" else None, self._schema.field(name).type)
                table = table.append_column(name, pa.repeat(value, len(table)))
        return table.select(self._schema.names).cast(self._schema)

    def _tokens(self, name: str, values: pa.ChunkedArray) -> pa.Array:
        plain = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())
        coded = plain.dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        if self._noted is not None:
            self._noted(f"{self._family.name}.{name}", distinct)
        tokens = pa.array([self._token(value) for value in distinct], pa.string())
        return pa.DictionaryArray.from_arrays(coded.indices, tokens).cast(pa.string())
