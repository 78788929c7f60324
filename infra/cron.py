"""A time of day on days that a cron line names, in a zone.

The grammar is a part of cron's: `MINUTE HOUR DAY-OF-MONTH MONTH DAY-OF-WEEK`, with one minute and one hour. Prefect,
which starts the runs, reads the same text; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FIELD = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?", re.ASCII)
_LIMITS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
#: Days looked through for the next slot: more than any line that ever fires can skip.
FARTHEST = 366 * 9


@dataclass(frozen=True, slots=True)
class Cron:
    """The days and the time of day of a cron line; `weekdays` count from Sunday, 0."""

    text: str
    at: time
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def on(self, day: date) -> bool:
        """Return whether it fires on a day."""
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays

    def slots(self, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
        """Return the instants later than `after` and not later than `until`, in UTC, oldest first."""
        day = after.astimezone(zone).date()
        while (slot := self.instant(zone, day)) <= until:
            if slot > after and self.on(day):
                yield slot
            day += timedelta(days=1)

    def instant(self, zone: ZoneInfo, day: date) -> datetime:
        """Return its time of day on a day of a zone as an instant."""
        return datetime.combine(day, self.at, zone).astimezone(UTC)

    def unclear(self, zone: ZoneInfo, start: date, days: int) -> date | None:
        """Return the first day on which the zone's clocks show its time twice or not at all, if there is one."""
        for number in range(days):
            local = datetime.combine(start + timedelta(days=number), self.at, zone)
            there = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
            if not there or local.utcoffset() != local.replace(fold=1).utcoffset():
                return local.date()
        return None


def parse(text: str) -> Cron:
    """Read a cron line; ValueError says what is wrong with it."""
    fields = text.split()
    if len(fields) != len(_LIMITS):
        raise ValueError("a cron line has five fields: minute, hour, day of the month, month, day of the week")
    read = [_values(field, *limits) for field, limits in zip(fields, _LIMITS, strict=True)]
    for (name, _, _), values in zip(_LIMITS[:2], read[:2], strict=True):
        if len(values) != 1:
            raise ValueError(f"give one {name}: an audit runs at most once a day")
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError("give days of the month or days of the week, not both: cron would take either")
    minutes, hours, days, months, weekdays = read
    at = time(min(hours), min(minutes))
    return Cron(" ".join(fields), at, days, months, frozenset(day % 7 for day in weekdays))


def _values(field: str, name: str, least: int, most: int) -> frozenset[int]:
    values: set[int] = set()
    for part in field.split(","):
        match = _FIELD.fullmatch(part)
        if match is None:
            raise ValueError(f"{part[:20]!r} is no {name}; write a number, 1-5, 1,4,7 or *")
        first = least if match[1] is None else int(match[1])
        last = most if match[1] is None or (match[3] and not match[2]) else int(match[2] or match[1])
        step = int(match[3] or 1)
        if not least <= first <= last <= most or step == 0:
            raise ValueError(f"{part!r} is no {name}: it goes from {least} to {most}")
        values |= set(range(first, last + 1, step))
    return frozenset(values)
