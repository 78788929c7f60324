"""How DuckDB classifies millions of rows in bounded memory: the answer is that of the plain statement.

1. Where the plan says how the rows fall apart, they are written to files by the hash of their record, and the statement
   runs once for each file; otherwise it runs once over everything.
2. A statement ends by leaving one row a record. Only rows whose keys share a 64-bit hash can be such rows, so only they
   are grouped, and by the key itself: two keys with one hash cost time and are never merged.
3. In the same way, keys of several rows that the plan asks for are first sought by their hash, then by themselves.
4. The rows stand in Parquet files of the spill directory, or in memory where there is none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from checks import sql
from checks.engine.views import literal, quoted
from checks.kernel import CLASSIFIED, Plan, Repeated, Split
from evidence.errors import ProbityError
from evidence.model import Outcome

#: As many rows are judged at once without spilling; it bounds memory and changes no answer.
SPLIT_ROWS = 2_000_000

#: So many artefacts are told apart by small numbers while their rows are grouped.
MAX_CODED = 50_000

#: The column of the hash that stands for a row's subject and record; it is never null.
KEY = "key"

_KEPT = "(FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 5000)"
_PARTED = "(FORMAT parquet, COMPRESSION snappy, PARTITION_BY (bucket), DICTIONARY_SIZE_LIMIT 5000)"
_COLUMNS = ", ".join(quoted(c) for c in CLASSIFIED)
#: What tells one record from another, for a reader.
_TOLD = ("record", "artefact")
_WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
_NULL = '"NULL"'
_NUMBERS = frozenset({"moment", "measure"})
_TABLES = ("kept", "merged", "repeated", "judged", "suspected")


class Population:
    """The rows of the last classification, which the view `classified` shows with their `KEY`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path | None, split_rows: int) -> None:
        self._connection = connection
        self._folder = scratch / "population" if scratch else None
        self._split_rows = split_rows

    def forget(self) -> None:
        """Drop the rows and their files."""
        self._run("DROP VIEW IF EXISTS classified")
        for table in _TABLES:
            self._run(f"DROP TABLE IF EXISTS {table}")
        self._run("DROP TYPE IF EXISTS artefacts")
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def classify(self, statement: str, plan: Plan) -> None:
        """Keep the rows of a statement whose columns are those of `CLASSIFIED` and can be cast to their types."""
        if self._folder is not None:
            self._folder.mkdir()
        for number, repeated in enumerate(plan.repeated):
            statement = self._asked(statement, repeated, f"asked_{number}")
        unmerged = sql.before_merging(statement)
        for number, part in enumerate(self._parts(self._shaped(unmerged or statement, plan), plan)):
            rows = f"SELECT {_COLUMNS}, hash(subject, record) AS {KEY} FROM ({part}) AS shaped"
            self._find_repeated(rows if unmerged else None)
            self._keep(_lean(rows, plan.lean), number)
            self._merge(number)
        for number in range(len(plan.repeated)):
            self._run(f"DROP TABLE asked_{number}")
        named = f"CASE WHEN whole THEN record ELSE '#' || CAST({KEY} AS VARCHAR) END AS record"
        columns = ", ".join(named if c == "record" else quoted(c) for c in CLASSIFIED)
        self._run(
            f"CREATE VIEW classified AS SELECT {columns}, {KEY} FROM ({self._kept()}) AS k WHERE NOT twice "
            f"UNION ALL SELECT {_COLUMNS}, {KEY} FROM merged"
        )

    def _shaped(self, statement: str, plan: Plan) -> str:
        """Return a statement whose columns have their types; in memory it is answered at once, and a table has types.

        Elsewhere it is cast before anything is written: a file would keep the largest numbers as fractions.
        """
        if self._folder is None and plan.split is None:
            self._run(f"CREATE TABLE judged AS {statement}")
            try:
                check_shape(self._described("SELECT * FROM judged"))
            except ProbityError:
                # A column of nothing but nulls has a type in a table that nobody stated.
                check_shape(self._described(statement))
            statement = "SELECT * FROM judged"
        else:
            check_shape(self._described(statement))
        cast = ", ".join(f"CAST({quoted(c)} AS {column_type(c)}) AS {quoted(c)}" for c in CLASSIFIED)
        return f"SELECT {cast} FROM (\n{statement}\n) AS stated"

    def _described(self, statement: str) -> list[tuple[str, str]]:
        described = self._connection.execute(f"DESCRIBE SELECT * FROM (\n{statement}\n)").fetchall()
        return [(name, kind) for name, kind, *_ in described]

    def _parts(self, rows: str, plan: Plan) -> Iterator[str]:
        """Give what may be read twice: the statement, its rows, or its rows in parts that add up to it."""
        if plan.split is not None:
            yield from self._split(rows, plan.split)
        elif plan.one_pass or self._folder is None:
            yield rows
        else:
            held = self._folder / "judged.parquet"
            self._run(f"COPY ({rows}) TO {literal(str(held))} {_KEPT}")
            yield f"SELECT * FROM read_parquet({literal(str(held))})"
            held.unlink()

    def _asked(self, statement: str, repeated: Repeated, table: str) -> str:
        """Answer ahead of the statement which keys stand in several rows, and let it read the answer."""
        if statement.count(repeated.select) != 1:
            raise ProbityError("a plan must name a query that stands once in its statement")
        source, key = quoted(repeated.family), repeated.key
        self._run(
            f"CREATE OR REPLACE TABLE suspected AS SELECT hash({key}) AS {KEY} FROM {source} "
            "GROUP BY 1 HAVING count(*) > 1"
        )
        suspects = f"SELECT * FROM {source} WHERE hash({key}) IN (SELECT {KEY} FROM suspected)"
        self._run(
            f"CREATE OR REPLACE TABLE {table} AS SELECT {key} AS record FROM ({suspects}) AS s "
            f"GROUP BY {key} HAVING count(*) > 1"
        )
        return statement.replace(repeated.select, f"SELECT record FROM {table}")

    def _split(self, rows: str, split: Split) -> Iterator[str]:
        if rows.count(split.source) != 1:
            raise ProbityError("a plan must name a source that stands once in its statement")
        count, artefacts = self._connection.execute(
            f"SELECT count(*), count(DISTINCT artefact) FROM ({split.source}) AS source"
        ).fetchall()[0]
        coded = self._coded(split.source) if artefacts <= MAX_CODED else "*"
        for source in self._sources(f"SELECT {coded} FROM ({split.source}) AS source", split, count):
            # Every part is small enough to be held in memory.
            part = rows.replace(split.source, f"SELECT {coded} FROM ({source}) AS source")
            self._run(f"CREATE OR REPLACE TABLE judged AS {part}")
            yield "SELECT * FROM judged"

    def _coded(self, source: str) -> str:
        """Let artefacts stand as small numbers while rows are grouped: they are long, and few."""
        artefacts = f"SELECT DISTINCT artefact FROM ({source}) AS s WHERE artefact IS NOT NULL ORDER BY artefact"
        self._run(f"CREATE TYPE artefacts AS ENUM ({artefacts})")
        return "* REPLACE (CAST(artefact AS artefacts) AS artefact)"

    def _sources(self, source: str, split: Split, count: int) -> Iterator[str]:
        if count <= self._split_rows or self._folder is None:
            yield source
            return
        buckets = -(-count // self._split_rows)
        parted = self._folder / "parted"
        self._run(
            f"COPY (SELECT *, hash({split.record}) % {buckets} AS bucket FROM ({source}) AS coded) "
            f"TO {literal(str(parted))} {_PARTED}"
        )
        for folder in sorted(parted.iterdir()):
            yield f"SELECT * FROM read_parquet({literal(str(folder / '*.parquet'))}, hive_partitioning = false)"
            shutil.rmtree(folder)

    def _find_repeated(self, rows: str | None) -> None:
        """Note the hashes that stand for more than one row; of rows that are not to be merged, none."""
        nothing = f"FROM (SELECT 0 AS {KEY}) AS r LIMIT 0"
        found = f"FROM ({rows}) AS r GROUP BY {KEY} HAVING count(*) > 1" if rows else nothing
        self._run(f"CREATE OR REPLACE TABLE repeated({KEY}) AS SELECT {KEY} {found}")

    def _keep(self, rows: str, number: int) -> None:
        if self._folder is None:
            self._run(f"CREATE TABLE kept AS {rows}")
        else:
            self._run(f"COPY ({rows}) TO {literal(str(self._folder / f'kept-{number:05d}.parquet'))} {_KEPT}")

    def _kept(self, number: int | None = None) -> str:
        if self._folder is None:
            return "FROM kept"
        name = "kept-*.parquet" if number is None else f"kept-{number:05d}.parquet"
        return f"FROM read_parquet({literal(str(self._folder / name))})"

    def _merge(self, number: int) -> None:
        """Leave one row a record of those whose hash stands for more than one row."""
        worst = sql.worst_per_record(f"({self._kept(number)} WHERE twice) AS repeated_rows")
        rows = f"SELECT {_COLUMNS}, hash(subject, record) AS {KEY} FROM ({worst}) AS worst"
        self._run(f"INSERT INTO merged {rows}" if number else f"CREATE TABLE merged AS {rows}")

    def _run(self, statement: str) -> None:
        self._connection.execute(statement)


def _lean(rows: str, lean: bool) -> str:
    """Where nobody asks, leave out record and artefact of rows that will never be shown; the key stands for them."""
    shown = ", ".join(literal(o) for o in (Outcome.VIOLATION, Outcome.UNKNOWN))
    whole = f"twice OR record IS NULL OR outcome IS NULL OR outcome IN ({shown})" if lean else "true"
    columns = ", ".join(f"CASE WHEN whole THEN {c} END AS {c}" if c in _TOLD else quoted(c) for c in CLASSIFIED)
    return (
        f"SELECT {columns}, {KEY}, twice, whole FROM (SELECT *, {whole} AS whole FROM "
        f"(SELECT *, {KEY} IN (SELECT {KEY} FROM repeated) AS twice FROM ({rows}) AS r) AS told) AS weighed"
    )


def column_type(column: str) -> str:
    """Return the type that a column of `CLASSIFIED` must have."""
    return "BIGINT" if column in _NUMBERS else "VARCHAR"


def check_shape(described: list[tuple[str, str]]) -> None:
    """Raise `ProbityError` unless these are the columns of `CLASSIFIED` with types that can be cast to theirs."""
    names = tuple(name for name, _ in described)
    if names != CLASSIFIED:
        raise ProbityError(f"a classification has the columns {', '.join(CLASSIFIED)}, not {', '.join(names)}")
    for name, kind in described:
        fits = kind in _WHOLE if name in _NUMBERS else kind == "VARCHAR"
        if not fits and kind != _NULL:
            raise ProbityError(
                f"the classified column {name!r} is {kind} and must be {column_type(name)}; cast it in the kernel"
            )
