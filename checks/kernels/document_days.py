"""Which days documents cover: those that reports examined, and those that letters or currency add to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from checks import sql
from checks.terms import add_months

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return a date as days since 1970."""
    return (day - EPOCH).days


def covered_days(
    usable: Sequence[tuple[Any, ...]], service: str, period: range, max_bridge: int, carry_months: int
) -> tuple[set[int], set[int]]:
    """Return the days of a period that reports on a service examined, and those that letters or currency add.

    `usable` are rows of main, first day, last day, day of issue, two that are not read, and services; a row that is not
    main is a letter that carries a report forward.
    """
    name = sql.tidy(service).lower()
    reports = [(r[1], r[2]) for r in usable if r[0] and name in {s.lower() for s in r[6]}]
    letters = [(r[1], min(r[2], r[3])) for r in usable if not r[0]]
    direct = {d for low, high in reports for d in _within(period, low, high)}
    added = _bridged(reports, letters, period, max_bridge)
    return direct, (added | _carried([high for _, high in reports], period, carry_months)) - direct


def _within(period: range, low: int, high: int) -> range:
    return range(max(low, period.start), min(high + 1, period.stop))


def _bridged(
    reports: Sequence[tuple[int, int]], letters: Sequence[tuple[int, int]], period: range, longest: int
) -> set[int]:
    days: set[int] = set()
    for low, high in letters:
        base = max((end for start, end in reports if start <= low and end >= low - 1), default=None)
        if base is not None:
            days.update(_within(period, low, min(high, base + longest)))
    return days


def _carried(ends: Sequence[int], period: range, months: int) -> set[int]:
    days: set[int] = set()
    for end in ends if months else ():
        last = day_number(add_months(EPOCH + timedelta(days=end), months))
        days.update(_within(period, end + 1, last))
    return days
