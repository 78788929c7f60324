"""Calendar months on days since 1970, in integers alone, so that every engine clamps a month's end alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import cache

#: Days from 1 March of the year 0 to 1 January 1970; years that begin in March end with the leap day.
SHIFT = 719_468
#: Days of 400 years.
ERA = 146_097


def months_later(source: str, column: str, months: int, result: str) -> str:
    """Return the CTEs that end in one called `result`: the rows of `source` and the day `months` after their `column`.

    The new column is called as the CTE. It is the same day of the month, or the month's last where there is none, and
    null where `column` is; the Gregorian calendar throughout (Hinnant, "chrono-compatible low-level date algorithms").
    """
    return f"""
{result}_era AS (
  SELECT *, ({column} + {SHIFT}) // {ERA} AS {result}_eras, ({column} + {SHIFT}) % {ERA} AS {result}_of_era
  FROM {source}),
{result}_year AS (
  SELECT *, ({result}_of_era - {result}_of_era // 1460 + {result}_of_era // 36524 - {result}_of_era // 146096) // 365
    AS {result}_years FROM {result}_era),
{result}_day AS (
  SELECT *, {result}_of_era - (365 * {result}_years + {result}_years // 4 - {result}_years // 100) AS {result}_of_year
  FROM {result}_year),
{result}_month AS (
  SELECT *, {result}_of_year - (153 * ((5 * {result}_of_year + 2) // 153) + 2) // 5 AS {result}_of_month,
         ({result}_eras * 400 + {result}_years) * 12 + (5 * {result}_of_year + 2) // 153 + {months} AS {result}_then
  FROM {result}_day),
{result} AS (
  SELECT *, least({_first(f"{result}_then")} + {result}_of_month, {_first(f"({result}_then + 1)")} - 1) AS {result}
  FROM {result}_month)"""


@cache
def days_of(months: int, pick: Callable[[Iterable[int]], int]) -> int:
    """Return how many days so many months have at most (`max`) or at least (`min`), wherever they begin."""
    cycles, rest = divmod(months, 4800)
    firsts = [date(2000 + n // 12, n % 12 + 1, 1).toordinal() for n in range(9600)]
    return cycles * ERA + pick(later - first for first, later in zip(firsts, firsts[rest:], strict=False))


def _first(month: str) -> str:
    """Return the first day of a month counted from March of the year 0."""
    year = f"({month} // 12)"
    return f"({year} * 365 + {year} // 4 - {year} // 100 + {year} // 400 + (153 * ({month} % 12) + 2) // 5 - {SHIFT})"
