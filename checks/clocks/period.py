"""The arithmetic of periods: hours elapse in UTC, months end on their day, days roll where the law says so."""

from __future__ import annotations

import calendar as months_of
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from checks.clocks.calendar import Calendar

HOUR = timedelta(hours=1)
TWO = 2  # 1182/71 art. 3(5): any period of two days or more includes at least two working days


def after_hours(at: datetime, hours: int) -> datetime:
    """Return the instant so many hours later; on the UTC line, for local clocks gain and lose an hour."""
    return at.astimezone(UTC) + hours * HOUR


def union_outer(at: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """Return the end of a period in hours that does not count the hour of its event (1182/71 art. 3(1))."""
    local = at.astimezone(zone)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return after_hours(at.astimezone(UTC) - into + HOUR, hours)


def after_months(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last (1182/71 art. 3(2)(c))."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, months_of.monthrange(year, month)[1]))


def after_union_days(day: date, days: int, holidays: Calendar) -> date:
    """Return the last day of a period in days: a working day, with two working days in it (1182/71 art. 3(4), (5))."""
    last = holidays.working_from(day + timedelta(days=days))
    if days >= TWO:
        while holidays.working_between(day + timedelta(days=1), last) < TWO:
            last = holidays.working_after(last, 1)
    return last


def noon_of(day: date, zone: ZoneInfo) -> datetime:
    """Return noon of a day in UTC."""
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def time_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return a local time of a day in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)
