"""What a period runs from: an instant, or a day of which the hour is not known. Nothing is guessed from a bare time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from checks.clocks.rule import ANCHORS
from evidence.errors import BadInput, Place, Problem

#: RFC 9557: an RFC 3339 instant that may name its zone in brackets.
_STATED = re.compile(r"(?P<time>[^\[\]]+)(?:\[(?P<zone>[A-Za-z0-9_+/-]{1,64})\])?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
#: Periods reach into the next year, and calendars are known for these.
FIRST, LAST = 1970, 2100


@dataclass(frozen=True, slots=True)
class Anchor:
    """One anchor: `at` is an instant in UTC, or `day` a date without an hour; exactly one of them is there."""

    name: str
    at: datetime | None
    day: date | None

    def instant(self, zone: ZoneInfo) -> datetime:
        """Return the instant; of a day, its first one in the zone: a period may end too early, never too late."""
        return start_of(self.day, zone) if self.at is None and self.day is not None else self._at()

    def date(self, zone: ZoneInfo) -> date:
        """Return the calendar day in the zone."""
        return self.day if self.day is not None else self._at().astimezone(zone).date()

    def _at(self) -> datetime:
        if self.at is None:
            raise TypeError(f"the anchor {self.name} has neither instant nor day")
        return self.at


def start_of(day: date | None, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day in UTC; where clocks skip midnight, the instant they skip to."""
    if day is None:
        raise TypeError("a day is needed")
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the last whole second of a day in UTC, however many hours it has."""
    return start_of(day + timedelta(days=1), zone) - timedelta(seconds=1)


def zone_named(name: str, where: str = "--tz") -> ZoneInfo:
    """Return a zone of the IANA database; `BadInput` for any other name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _bad(f"{name!r} is no zone of the IANA database", where, "write it as Europe/Brussels") from None


def read_anchor(text: str) -> Anchor:
    """Return the anchor of `NAME=INSTANT` or `NAME=DATE`.

    An instant is RFC 3339 with its offset, or a local time with its zone in brackets (RFC 9557). `BadInput` for a time
    without a zone, one that the clocks skip, one that they show twice, and an offset that the named zone does not have.
    """
    name, given, stated = text.partition("=")
    if name not in ANCHORS or not given:
        raise _bad(f"{text[:80]!r} is no anchor", "--anchor", f"write NAME=INSTANT; names are {', '.join(ANCHORS)}")
    where = f"--anchor {name}"
    try:
        if _DATE.fullmatch(stated):
            return Anchor(name, None, _bounded(date.fromisoformat(stated)))
        at = _instant(stated, where)
        _bounded(at.date())
    except (ValueError, OverflowError):
        hint = "write 2026-10-23T18:30:00+02:00, or a date alone where the hour is not known"
        raise _bad(f"{stated[:80]!r} is not an instant", where, hint) from None
    return Anchor(name, at, None)


def _bounded(day: date) -> date:
    if not FIRST <= day.year <= LAST:
        raise ValueError(day)
    return day


def _instant(stated: str, where: str) -> datetime:
    match = _STATED.fullmatch(stated)
    if match is None or "T" not in match["time"].upper():
        raise ValueError(stated)
    moment = datetime.fromisoformat(match["time"])
    zone = zone_named(match["zone"], where) if match["zone"] else None
    if moment.tzinfo is not None:
        at = moment.astimezone(UTC)
        if zone is not None and at.astimezone(zone).utcoffset() != moment.utcoffset():
            raise _bad(f"{stated!r}: {zone.key} does not have this offset then", where, "correct one of the two")
        return at
    if zone is None:
        raise _bad(f"{stated!r} has no zone", where, "append its offset, such as +02:00 or Z")
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise _bad(f"{stated!r}: clocks in {zone.key} skip this time", where, "correct the time, or give its offset")
    raise _bad(f"{stated!r}: clocks in {zone.key} show this time twice", where, "append the offset that is meant")


def _bad(what: str, where: str, hint: str) -> BadInput:
    return BadInput(Problem("B002", what, Place(where), hint))
