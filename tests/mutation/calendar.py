"""The calendar's arithmetic inside a statement, tried by itself: cases would need dates all over a century."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

import duckdb

from checks.kernels.calendar_months import SHIFT
from checks.terms import add_months

#: Days since 1970 that are tried: past 29 February 2000 and past 2100, which has none.
DAYS = range(60_000)
EPOCH = date(1970, 1, 1)
#: What `months_later` writes: its source, its column, how many months, and the name of its result.
_PIECE = re.compile(
    rf"(?P<result>\w+)_era AS \(\s*SELECT \*, \((?P<column>\w+) [+-] {SHIFT}\).*?"
    r"(?P<months>\d+) AS (?P=result)_then\s.*?FROM (?P=result)_month\)",
    re.DOTALL,
)
_SOURCE = re.compile(r"(_of_era\s+FROM )\w+")


def within(sql: str, start: int, end: int) -> bool:
    """Return whether a place of a statement lies in the arithmetic of calendar months."""
    return any(found.start() <= start and end <= found.end() for found in _PIECE.finditer(sql))


def noticed(sql: str, start: int) -> bool:
    """Return whether the arithmetic around this place gives a day that the calendar does not."""
    piece = next(found for found in _PIECE.finditer(sql) if found.start() <= start <= found.end())
    result, column = piece["result"], piece["column"]
    given = f"given AS (SELECT CAST(range AS INTEGER) AS {column} FROM range({len(DAYS)}))"
    text = _SOURCE.sub(r"\1given", piece[0], count=1)
    # A year later no month ends that a year before did not have; one month later the shorter ones show.
    for months in (int(piece["months"]), 1):
        stated = text.replace(f"{piece['months']} AS {result}_then", f"{months} AS {result}_then")
        query = f"WITH {given}, {stated} SELECT {result} FROM {result} ORDER BY {column}"
        try:
            rows = duckdb.execute(query).fetchall()
        except duckdb.Error:
            return True
        if [day for (day,) in rows] != _expected(months):
            return True
    return False


@lru_cache
def _expected(months: int) -> list[int]:
    return [(add_months(EPOCH + timedelta(days=day), months) - EPOCH).days for day in DAYS]
