"""The small pieces of SQL that kernels share."""

from __future__ import annotations

import duckdb
import pytest

from checks import sql

CTE = "given AS (SELECT n + 1 AS n FROM given)"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("SELECT sum(n) FROM given", 5),
        ("WITH few AS (SELECT n FROM given WHERE n > 2) SELECT sum(n) FROM few", 3),
        ("SELECT sum(n) FROM other", 7),
    ],
)
def test_a_step_stands_before_a_statement_that_speaks_of_it(statement: str, found: int) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE given AS FROM (VALUES (1), (2)) AS v(n); CREATE TABLE other AS SELECT 7 AS n")
        assert connection.execute(sql.after(CTE, statement)).fetchall() == [(found,)]
    assert (CTE in sql.after(CTE, statement)) is ("given" in statement)
