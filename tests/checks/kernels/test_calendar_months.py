"""Months added in SQL are the months that the calendar adds."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from checks.engine.portable import spark_sql
from checks.kernels.calendar_months import months_later
from checks.terms import add_months

EPOCH = date(1970, 1, 1)


@pytest.mark.parametrize("months", [1, 3, 12, 13, 48])
def test_every_day_of_two_leap_cycles_agrees_with_the_calendar(months: int) -> None:
    query = (
        f"WITH given AS (SELECT CAST(range AS INTEGER) AS day FROM range(0, 60000)), "
        f"{months_later('given', 'day', months, 'due')} SELECT day, due FROM due"
    )
    for day, due in duckdb.connect().execute(query).fetchall():
        assert EPOCH + timedelta(days=due) == add_months(EPOCH + timedelta(days=day), months)


def test_no_day_gives_no_day() -> None:
    query = f"WITH given AS (SELECT CAST(NULL AS INTEGER) AS day), {months_later('given', 'day', 12, 'due')}"
    assert duckdb.connect().execute(f"{query} SELECT due FROM due").fetchall() == [(None,)]


def test_the_arithmetic_reads_the_same_on_spark() -> None:
    query = f"WITH given AS (SELECT issued_on AS day FROM documents), {months_later('given', 'day', 12, 'due')}"
    assert "DIV" in spark_sql(f"{query} SELECT due FROM due")
