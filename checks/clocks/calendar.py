"""Working days: public holidays of a state, with the version and the hash of exactly the days that were used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import metadata

from evidence.canonical import canonical_bytes, sha256_hex
from evidence.errors import BadInput, Place, Problem

SATURDAY = 5
_NAMED = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?", re.ASCII)
#: Zones in which the days of a state end, where it has one for its capital's; others can be given.
ZONES = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "BG": "Europe/Sofia",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn",
    "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "GR": "Europe/Athens",
    "HR": "Europe/Zagreb",
    "HU": "Europe/Budapest",
    "IE": "Europe/Dublin",
    "IS": "Atlantic/Reykjavik",
    "IT": "Europe/Rome",
    "LI": "Europe/Vaduz",
    "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg",
    "LV": "Europe/Riga",
    "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest",
    "SE": "Europe/Stockholm",
    "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays of one state, or of one of its parts (ISO 3166-1 or 3166-2, such as `BE` or `DE-BY`)."""

    name: str

    def is_working(self, day: date) -> bool:
        """Return whether a day is neither Saturday, Sunday nor a public holiday."""
        return day.weekday() < SATURDAY and day not in _holidays(self.name, day.year)

    def working_from(self, day: date) -> date:
        """Return the first working day that is not before a day."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def working_after(self, day: date, count: int) -> date:
        """Return the working day that is the `count`th after a day."""
        for _ in range(count):
            day = self.working_from(day + timedelta(days=1))
        return day

    def working_between(self, first: date, last: date) -> int:
        """Return how many working days there are from one day to another, both included."""
        return sum(self.is_working(first + timedelta(days=n)) for n in range((last - first).days + 1))

    def used(self, first: date, last: date) -> dict[str, str]:
        """Return name, version and SHA-256 of the holidays of the years between two days, as results state them."""
        version = f"holidays-{metadata.version('holidays')}"
        return {"id": self.name, "version": version, "sha256": _digest(self.name, first.year, last.year)}


def calendar_named(name: str) -> Calendar:
    """Return the calendar of a state; `BadInput` where there is none."""
    match = _NAMED.fullmatch(name)
    try:
        if match is None:
            raise NotImplementedError
        _holidays(name, 2026)
    except (NotImplementedError, KeyError):
        hint = "write an ISO 3166 code such as BE, or DE-BY for a part of a state"
        raise BadInput(Problem("B003", f"no calendar is known for {name[:20]!r}", Place("--country"), hint)) from None
    return Calendar(name)


@cache
def _digest(name: str, first: int, last: int) -> str:
    years = (_holidays(name, year) for year in range(first, last + 1))
    return sha256_hex(
        canonical_bytes([[day.isoformat(), what] for year in years for day, what in sorted(year.items())])
    )


@cache
def _holidays(name: str, year: int) -> dict[date, str]:
    import holidays  # noqa: PLC0415 - most verbs do without, and it takes its time

    state, _, part = name.partition("-")
    found = holidays.country_holidays(state, subdiv=part or None, years=year, expand=False, language="en_US")
    return {day: str(what) for day, what in found.items() if day.year == year}
