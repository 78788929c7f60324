"""The values a contract's terms are written in: durations with units, activities, jurisdictions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

MICROSECOND = 1
SECOND = 1_000_000
UNITS = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND}
CALENDAR_UNITS = {"mo": 1, "y": 12}
MAX_DURATION = 200 * 366 * UNITS["d"]

_WRITTEN = re.compile(r"([0-9]{1,9})\s?(s|min|h|d|mo|y)")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as written: either exact microseconds or calendar months, never both."""

    text: str
    microseconds: int = 0
    months: int = 0

    @property
    def seconds_text(self) -> str:
        """Return an exact duration in seconds as a decimal string."""
        return decimal_units(self.microseconds, SECOND)


def decimal_units(steps: int, scale: int) -> str:
    """Return integer steps in units of `scale` steps (a power of ten) without binary rounding: `86400.000001`."""
    whole, rest = divmod(abs(steps), scale)
    digits = len(str(scale)) - 1
    sign = "-" if steps < 0 else ""
    return f"{sign}{whole}" + (f".{rest:0{digits}d}".rstrip("0") if rest else "")


def _parse(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"a duration needs a unit: write {value}h, {value}d or {value}mo")
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a duration; write a whole number and a unit of s, min, h, d, mo or y, such as 24h")
    count, unit = int(match[1]), match[2]
    if unit in CALENDAR_UNITS:
        return Duration(f"{count}{unit}", months=count * CALENDAR_UNITS[unit])
    if count * UNITS[unit] > MAX_DURATION:
        raise ValueError("a duration of more than 200 years is not a term")
    return Duration(f"{count}{unit}", microseconds=count * UNITS[unit])


def _exact(value: object) -> Duration:
    parsed = _parse(value)
    if parsed.months:
        raise ValueError("months and years have no exact length here: write days (d) or hours (h)")
    return parsed


def _calendar(value: object) -> Duration:
    parsed = _parse(value)
    if not parsed.months:
        raise ValueError("write whole months (mo) or years (y)")
    return parsed


def _schema(units: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^[0-9]{{1,9}} ?({units})$", "examples": ["24h"]})


_text: Any = PlainSerializer(lambda d: d.text, return_type=str)

#: A duration of exact length: seconds to days.
Exact = Annotated[Duration, BeforeValidator(_exact), _text, _schema("s|min|h|d")]
#: A duration in calendar months.
Months = Annotated[Duration, BeforeValidator(_calendar), _text, _schema("mo|y")]


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later (or earlier), clamped to the month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
