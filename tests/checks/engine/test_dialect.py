"""Our SQLAlchemy dialect: what Great Expectations relies on."""

from collections.abc import Iterator

import duckdb
import pytest
import sqlalchemy as sa

from checks.engine import dialect
from evidence.errors import LimitExceeded


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE things (name VARCHAR NOT NULL, size BIGINT, seen DATE)")
        connection.execute("INSERT INTO things VALUES ('a', 1, NULL), ('b', NULL, NULL)")
        yield connection


@pytest.fixture
def engine(database) -> sa.Engine:
    dialect.register()
    return sa.create_engine(f"{dialect.NAME}://", creator=lambda: dialect.SharedConnection(database))


def test_rows_can_be_read_after_the_connection_went_back(engine):
    with engine.connect() as connection:
        result = connection.execute(sa.text("SELECT name FROM things ORDER BY name"))
    assert result.fetchall() == [("a",), ("b",)]


def test_bound_values_reach_the_database(engine):
    things = sa.table("things", sa.column("name"), sa.column("size"))
    with engine.connect() as connection:
        found = connection.execute(sa.select(things.c.size).where(things.c.name.in_(["a", "it's"]))).all()
    assert found == [(1,)]


def test_columns_are_reflected_in_order(engine):
    columns = sa.inspect(engine).get_columns("things")
    assert [(c["name"], type(c["type"]), c["nullable"]) for c in columns] == [
        ("name", sa.String, False),
        ("size", sa.BigInteger, True),
        ("seen", sa.types.NullType, True),
    ]


def test_an_unknown_table_is_said_to_be_unknown(engine):
    with pytest.raises(sa.exc.NoSuchTableError):
        sa.inspect(engine).get_columns("nothing")


def test_an_error_of_the_database_arrives_as_sqlalchemys(engine):
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.text("SELECT nothing FROM things"))


def test_more_rows_than_may_be_kept_are_refused(engine):
    with engine.connect() as connection, pytest.raises(LimitExceeded):
        connection.execute(sa.text(f"SELECT * FROM range({dialect.MAX_BUFFERED_ROWS + 1})"))


def test_disposing_of_the_engine_leaves_the_database_to_its_owner(engine, database):
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
    engine.dispose()
    assert database.execute("SELECT count(*) FROM things").fetchall() == [(2,)]


def test_a_name_that_only_duckdb_reserves_is_quoted(engine, database):
    database.execute('CREATE TABLE moments ("at" BIGINT, "qualify" BIGINT)')
    database.execute("INSERT INTO moments VALUES (1, 2)")
    with engine.connect() as connection:
        moments = sa.table("moments", sa.column("at"), sa.column("qualify"))
        assert connection.execute(sa.select(moments.c.at, moments.c.qualify)).all() == [(1, 2)]
