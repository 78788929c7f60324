"""The mutation run itself: what is one place, what a change reaches, and that the calendar is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from checks.kernels.calendar_months import months_later
from tests.mutation import calendar
from tests.mutation.attempt import left
from tests.mutation.run import Asked, every, keep, kept
from tests.mutation.sites import mutant, sites
from tests.mutation.steps import Stepwise, flattened

STATEMENT = """
WITH few AS (SELECT n, n > 1 AS large FROM given WHERE n < 4),
big AS (SELECT * FROM (WITH inner_step AS (SELECT n FROM few WHERE large) SELECT n FROM inner_step) AS nested)
SELECT few.n, big.n IS NOT NULL AS found FROM few LEFT JOIN big ON big.n = few.n
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as opened:
        opened.execute(
            "CREATE SCHEMA here; SET search_path = 'here,main'; CREATE TABLE given AS FROM (VALUES (1), (2)) AS v(n)"
        )
        yield opened


def test_a_place_is_the_same_whatever_numbers_and_texts_a_statement_holds() -> None:
    one = sites("SELECT a FROM t WHERE kind IN ('soc2', 'iso') AND n < 4")
    other = sites("SELECT a FROM t WHERE kind IN ('x') AND n < 1234")
    assert one.keys() == other.keys()
    assert {site.word for site in one} == {"AND", "<"}


def test_every_change_gives_what_the_whole_statement_gives(connection: duckdb.DuckDBPyConnection) -> None:
    steps = Stepwise(connection, STATEMENT, "here", 1)
    known = sorted(connection.execute(STATEMENT).fetchall())
    reached = 0
    for site in sites(STATEMENT):
        changed = mutant(STATEMENT, site)
        whole = sorted(connection.execute(changed).fetchall())
        rows = steps.other(changed, set())
        reached += rows is not None
        assert (known if rows is None else sorted(rows)) == whole, site
    assert reached > 1


def test_other_rows_of_a_table_that_moved_are_seen(connection: duckdb.DuckDBPyConnection) -> None:
    steps = Stepwise(connection, STATEMENT, "here", 1)
    connection.execute("INSERT INTO given VALUES (3)")
    assert steps.other(STATEMENT, set()) is None
    assert len(steps.other(STATEMENT, {"given"}) or ()) == 3


def test_a_step_that_hides_what_it_reads_is_run_as_a_whole(connection: duckdb.DuckDBPyConnection) -> None:
    statement = "WITH given AS (SELECT n FROM given) SELECT n FROM given"
    assert len(flattened(statement)) == 2
    with pytest.raises(ValueError, match="hides"):
        Stepwise(connection, statement, "here", 1)


def test_the_calendar_notices_what_is_wrong_with_it_and_nothing_else() -> None:
    statement = f"WITH told AS (SELECT 1 AS day), {months_later('told', 'day', 12, 'due')} SELECT due FROM due"
    places = {site: start for site, (start, end) in sites(statement).items() if calendar.within(statement, start, end)}
    assert places
    assert not calendar.noticed(statement, next(iter(places.values())))
    missed = [str(site) for site, start in places.items() if not calendar.noticed(mutant(statement, site), start)]
    assert missed == []


def test_a_run_goes_on_from_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    noticed, other, unnoticed = list(sites("SELECT n < 1 AND n > 2"))
    keep(tmp_path, "first-kind", frozenset({noticed}), {other: "gave the same rows", unnoticed: "gave the same rows"})
    keep(tmp_path, "second-kind", frozenset({other}), {})
    before = kept(tmp_path)
    assert list(every(["first-kind", "second-kind"], Asked(), 1, before)) == before
    assert [(each.kind, each.number, each.killed) for each in before] == [
        ("first-kind", 3, {noticed}),
        ("second-kind", 1, {other}),
    ]
    assert left(tmp_path) == {unnoticed}
