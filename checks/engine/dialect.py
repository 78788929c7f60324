"""A SQLAlchemy dialect for one DuckDB connection that is already open.

Great Expectations reads a result after it has given the connection back, when DuckDB's own cursor is empty. So this
cursor keeps the rows at the moment of execution, and refuses to keep more than a named number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import duckdb
from sqlalchemy import BigInteger, Boolean, Connection, Integer, String, text, types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGIdentifierPreparer, PGTypeCompiler
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import NoSuchTableError

from evidence.errors import LimitExceeded

#: Judging counts; it never needs the rows themselves. GX samples at most 200.
MAX_BUFFERED_ROWS = 1_000

NAME = "duckdb"

_TYPES: dict[str, type[types.TypeEngine[Any]]] = {
    "VARCHAR": String,
    "BIGINT": BigInteger,
    "INTEGER": Integer,
    "BOOLEAN": Boolean,
}


class BufferedCursor:
    """A DB-API cursor that holds its result from `execute` on."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: Sequence[Any] | None = None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement and keep its rows; more than `MAX_BUFFERED_ROWS` raise `LimitExceeded`."""
        result = self._connection.execute(sql, list(parameters))
        self.description = result.description
        self._rows = result.fetchmany(MAX_BUFFERED_ROWS + 1)
        if len(self._rows) > MAX_BUFFERED_ROWS:
            raise LimitExceeded(f"a judging query returned more than {MAX_BUFFERED_ROWS} rows; let it count instead")

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next kept row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Return the next kept rows."""
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all kept rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Let go of the rows; the DuckDB cursor belongs to the connection."""
        self._rows = []


class SharedConnection:
    """A DB-API connection to a database that somebody else owns, and alone closes.

    It is no `cursor()` of the owner's, because such a duplicate would keep the whole database in memory for as long
    as Great Expectations remembers its last context.
    """

    def __init__(self, owner: duckdb.DuckDBPyConnection) -> None:
        self._owner = owner

    def cursor(self) -> BufferedCursor:
        """Return a cursor that keeps its rows."""
        return BufferedCursor(self._owner)

    def commit(self) -> None:
        """Do nothing: every statement commits itself, and judging only reads."""

    def rollback(self) -> None:
        """Do nothing, as for `commit`."""

    def close(self) -> None:
        """Do nothing: the database stays open for its owner."""


class QuotingPreparer(PGIdentifierPreparer):
    """Quote every name: DuckDB reserves words that PostgreSQL does not, `at` among them."""

    def quote(self, ident: str, force: Any = None) -> str:  # noqa: ARG002 - always
        """Return the identifier in quotes, which DuckDB reads without regard to case."""
        return self.quote_identifier(ident)


class DuckDialect(DefaultDialect):
    """DuckDB as SQLAlchemy sees it: PostgreSQL's grammar, columns from `duckdb_columns()`."""

    name = NAME
    driver = "duckdb"
    supports_statement_cache = True
    statement_compiler = PGCompiler
    type_compiler_cls = PGTypeCompiler
    preparer = QuotingPreparer
    _backslash_escapes = False  # PGCompiler asks for it when it renders a literal

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """Return the module whose error classes SQLAlchemy wraps."""
        return duckdb

    def initialize(self, connection: Connection) -> None:
        """Ask nothing of the database: what is above is all that we use."""

    def get_columns(self, connection: Connection, table_name: str, schema: str | None = None, **_: Any) -> Any:
        """Return the columns of a table or view in order; an unknown table raises `NoSuchTableError`."""
        asked = text(
            "SELECT column_name, data_type, is_nullable FROM duckdb_columns() "
            "WHERE table_name = :table AND schema_name = :schema AND database_name = current_database() "
            "ORDER BY column_index"
        )
        rows = connection.execute(asked, {"table": str(table_name), "schema": schema or "main"}).all()
        if not rows:
            raise NoSuchTableError(table_name)
        return [
            {"name": name, "type": _TYPES.get(kind, types.NullType)(), "nullable": nullable, "default": None}
            for name, kind, nullable in rows
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
        """Return no key: our tables have none, which is why uniqueness is asked."""
        return {"constrained_columns": [], "name": None}


def register() -> None:
    """Tell SQLAlchemy where the dialect is, in this process only; doing so again changes nothing."""
    registry.register(NAME, __name__, DuckDialect.__name__)
