"""The words and number formats of the report: one way to say each status, reason, count, duration and instant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from evidence.model import Assurance, Measure, Period, Population, Reason, Status, WaiverState
from flows.report.harmless import harmless

#: A glyph and a word each, because colours are the same grey in print.
#: A waiver is an overlay: it says who accepted a finding, and never makes it look kept.
WAIVER = {
    WaiverState.ACTIVE: "Waived",
    WaiverState.EXPIRED: "Waiver expired",
    WaiverState.REOPENED: "Waiver reopened: it got worse",
}

STATUS: dict[Status, tuple[str, str]] = {
    Status.BREACHED: ("✕", "Breached"),
    Status.UNPROVEN: ("?", "Unproven"),
    Status.MET: ("✓", "Met"),
    Status.NOT_EXERCISED: ("○", "Not exercised"),
    Status.NOT_IN_FORCE: ("–", "Not in force"),
}

#: What each status means, for the legend.
MEANING: dict[Status, str] = {
    Status.BREACHED: "at least one proven violation",
    Status.UNPROVEN: "could not tell; never counted as met",
    Status.MET: "complete, valid evidence and no violation",
    Status.NOT_EXERCISED: "nothing happened that would call for it",
    Status.NOT_IN_FORCE: "the clause did not apply in the period",
}

#: Per reason: a few words for a table cell, and what would settle the question.
REASONS: dict[Reason, tuple[str, str]] = {
    Reason.NO_EVIDENCE: ("no valid evidence", "obtain evidence that speaks of this promise"),
    Reason.STALE: ("evidence out of date", "obtain evidence that reaches to the end of the period"),
    Reason.INCOMPLETE_COVERAGE: ("evidence incomplete", "obtain the missing systems, days or records"),
    Reason.EMPTY_POPULATION: ("no records although there was activity", "find out why the records are missing"),
    Reason.UNREADABLE_ROWS: ("records that cannot be read", "have the unreadable records delivered again"),
    Reason.UNTRUSTED_EVIDENCE: ("evidence not trusted", "obtain signed evidence, or evidence of higher assurance"),
    Reason.BLIND: ("logging was off", "find out why logging was off, and for how long"),
    Reason.NOT_YET_DUE: ("too early to tell", "audit again when the time allowed has passed"),
    Reason.CONTRADICTED: ("evidence contradicts itself", "ask the vendor which of the two is true"),
    Reason.SOURCE_ERROR: ("a source could not be read", "repair access to the source and gather again"),
    Reason.ENGINE_ERROR: ("the test itself failed", "report the failure and audit again"),
    Reason.NO_CHECK: ("nothing tests this clause", "have the clause reviewed by a person"),
}

#: What a status rests on, weakest first.
ASSURANCE: dict[Assurance, str] = {
    Assurance.CLAIMED: "a public statement of the vendor",
    Assurance.ATTESTED: "the vendor's signed or contractual word",
    Assurance.AUDITED: "an independent third party examined it",
    Assurance.CORROBORATED: "the customer's own records agree",
    Assurance.OBSERVED: "an active test of our own",
    Assurance.INDEPENDENT: "an auditor independent of both sides",
}

#: The longest value, unit or name inside a sentence.
MAX_VALUE = 40
#: Digits before or after the point beyond which a decimal string is not read as a number.
MAX_DIGITS = 18

#: What a seal is worth; `none` to `qualified` as in eIDAS, weakest first.
SEALS: dict[str, str] = {
    "none": "none: the bundle is not signed",
    "simple": "simple: signed with a self-made key, which is admissible but carries no legal presumption",
    "advanced": "advanced: signed with a certified key that identifies the signer",
    "qualified": "qualified: signed with a qualified seal certificate",
}

#: Where the time of sealing comes from.
TIMES: dict[str, str] = {
    "none": "none: nothing says when it was sealed",
    "local-clock": "local clock: the signer's own clock, proven by nobody else",
    "rfc3161": "RFC 3161: stamped by a time stamping authority",
    "qualified": "qualified: stamped by a qualified time stamping authority",
    "ledger-witness": "ledger: a witness has signed the log that holds it",
}

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# strftime's month names follow the machine's locale, and a report must not.
_SPRING, _AUTUMN = ("January", "February", "March", "April", "May", "June"), ("July", "August", "September")
_MONTHS = (*_SPRING, *_AUTUMN, "October", "November", "December")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = (("d", _DAY, 5 * _DAY, Decimal("inf")), ("h", _HOUR, _HOUR, Decimal("inf")), ("min", _MINUTE, _MINUTE, 7200))


def count_word(number: int) -> str:
    """Return a small count as a word and a large one in digits."""
    return _SMALL[number] if number < len(_SMALL) else grouped(number)


def grouped(number: int | Decimal) -> str:
    """Return a number with its thousands grouped by commas."""
    return f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return a grouped count and its noun: `1 record`, `240,560 records`."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def unbroken(text: str) -> str:
    """Return text in which a number stays on the line of its unit or noun."""
    return re.sub(r"(?<=\d) (?=(records?|h|d|min|s)\b)", "\u00a0", text)


def listed(words: Sequence[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    return " and ".join(w for w in (", ".join(words[:-1]), *words[-1:]) if w)


def population_text(population: Population) -> str:
    """Return how many were tested, and against which independent count."""
    tested = f"Population: {grouped(population.observed)} tested"
    if population.expected is None:
        return f"{tested}, no control total"
    return f"{tested}, {grouped(population.expected)} expected by an independent count"


def outcomes_text(population: Population) -> str:
    """Return the outcomes of a test; kept and broken always, the others where there are any."""
    if not any((population.ok, population.violation, population.unknown, population.open, population.excused)):
        return "Nothing to test"
    said = [f"{grouped(population.ok)} ok", plural(population.violation, "violation")]
    others = (("unknown", population.unknown), ("open", population.open), ("excused", population.excused))
    return ", ".join(said + [f"{grouped(number)} {what}" for what, number in others if number])


def decimal(text: str | None) -> Decimal | None:
    """Return a decimal string as a number, or None where it is not one."""
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        return None
    # Exponents let ten characters stand for a million digits; nothing measured has so many.
    return number if number.is_finite() and abs(number.adjusted()) <= MAX_DIGITS else None


def clock(seconds: Decimal) -> str:
    """Return an exact duration as hours, minutes and seconds: `24:00:01`, `24:00:00.000001`."""
    whole, rest = divmod(abs(seconds), 1)
    minutes, second = divmod(int(whole), _MINUTE)
    hours, minute = divmod(minutes, _MINUTE)
    fraction = f"{rest:f}".removeprefix("0").rstrip("0").rstrip(".")
    return f"{'-' if seconds < 0 else ''}{hours}:{minute:02d}:{second:02d}{fraction}"


def duration(seconds: Decimal) -> str:
    """Return an exact duration in the largest unit that keeps it whole: `24 h`, `30 d`, `90 min`; else the clock."""
    for unit, size, least, most in _UNITS:
        if least <= seconds < most and seconds % size == 0:
            return f"{grouped(int(seconds) // size)} {unit}"
    return f"{seconds.normalize():f} s" if abs(seconds) < _MINUTE else clock(seconds)


def rounded(seconds: Decimal) -> str:
    """Return a duration to one decimal for reading: `34.6 h`, `12.0 d`."""
    size, unit = (_DAY, "d") if seconds >= 5 * _DAY else (_HOUR, "h") if seconds >= _HOUR else (_MINUTE, "min")
    return f"{seconds / size:,.1f} {unit}"


def limit_text(measure: Measure) -> str:
    """Return the contracted limit with its unit: `24 h`, `1,200 ms`."""
    number = decimal(measure.limit)
    if number is None:
        return harmless(measure.limit, MAX_VALUE)
    return duration(number) if measure.unit == "s" else f"{grouped(number)} {harmless(measure.unit, MAX_VALUE)}"


def value_text(text: str | None, unit: str) -> str:
    """Return a measured value with its unit; a time as h:m:s, because rounding would hide one second."""
    number = decimal(text)
    if number is None:
        return harmless(text or "", MAX_VALUE)
    return clock(number) if unit == "s" else f"{grouped(number)} {harmless(unit, MAX_VALUE)}".rstrip()


def excess_text(measure: Measure) -> str:
    """Return by how much the worst value passes the limit: `1 s`, `10.6 h`; empty when it does not."""
    worst, limit = decimal(measure.worst), decimal(measure.limit)
    if worst is None or limit is None or worst <= limit:
        return ""
    if measure.unit != "s":
        return f"{grouped(worst - limit)} {harmless(measure.unit, MAX_VALUE)}"
    over = worst - limit
    exact = duration(over)
    return rounded(over) if ":" in exact else exact


def utc(instant: datetime) -> str:
    """Return an instant as `2025-07-01 06:00:00 UTC`, with fractions only where there are any."""
    instant = instant.astimezone(UTC)
    return f"{instant.replace(tzinfo=None).isoformat(' ', 'microseconds' if instant.microsecond else 'seconds')} UTC"


def period_text(period: Period) -> str:
    """Return a period as people say it: `June 2025`, `2025`, `1 to 15 June 2025`; with instants when days are cut."""
    start, end = period.start, period.end
    if any((i.hour, i.minute, i.second, i.microsecond) != (0, 0, 0, 0) for i in (start, end)):
        return f"{utc(start)} to {utc(end)}"
    last = end - timedelta(days=1)
    if (start.day, end.day) == (1, 1):
        if (start.month, end.month, end.year - start.year) == (1, 1, 1):
            return f"{start.year}"
        if (start.year, start.month) == (last.year, last.month):
            return f"{_MONTHS[start.month - 1]} {start.year}"
    return day(start) if start == last else f"{_day_before(start, last)} to {day(last)}"


def day(instant: datetime) -> str:
    """Return the day of an instant: `1 June 2025`."""
    return f"{instant.day} {_MONTHS[instant.month - 1]} {instant.year}"


def _day_before(start: datetime, last: datetime) -> str:
    """Return the first day of a range, without the month and year that its last day repeats."""
    text = day(start)
    if start.year == last.year:
        text = text.removesuffix(f" {start.year}")
        text = text.removesuffix(f" {_MONTHS[start.month - 1]}") if start.month == last.month else text
    return text
