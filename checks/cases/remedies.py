"""What follows from incidents: cure periods, rights and credits, computed from cases and from the contract's terms.

One case is one incident, however many audits saw it. Everything here is shown; a person acts on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from checks.amounts import Money
from checks.cases.case import Case
from checks.cases.remedy_file import Credit, Right, Terms
from checks.clocks.anchor import end_of
from checks.terms import Duration, add_months

BREACH_NOTICE = "contract-breach"
#: An amount in the smallest unit is a percentage in hundredths of a percent, of the fee, divided by this.
WHOLE = 100 * 100


class CureState(StrEnum):
    """Where a cure period stands."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    CURED = "cured"
    UNCURED = "uncured"  # also where it was cured too late


class RightState(StrEnum):
    """Where a right stands."""

    NOT_ARISEN = "not_arisen"
    OPEN = "open"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class CurePeriod:
    """One incident's cure period."""

    state: CureState
    started: datetime | None
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One line of the breach ledger; `owed` is in the smallest unit, None where it cannot be computed, `why` not."""

    case: str
    since: datetime
    sightings: int
    decided: str
    remedy: str
    cure: CurePeriod | None
    owed: int | None
    why: str


@dataclass(frozen=True, slots=True)
class RightClock:
    """A right: when it arose, and until when it can be exercised (None: it does not lapse)."""

    state: RightState
    arose: datetime | None
    lapses: datetime | None
    counted: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The incidents of one commitment and what follows from them all."""

    commitment: str
    terms: Terms | None
    incidents: tuple[Incident, ...]
    right: RightClock | None
    owed: int | None

    @property
    def currency(self) -> Money | None:
        """Return the fee, for its currency, where credits were agreed."""
        return self.terms.credit.fee if self.terms and self.terms.credit else None


def ledgers(cases: Sequence[Case], terms: Mapping[str, Terms], now: datetime, zone: ZoneInfo) -> tuple[Ledger, ...]:
    """Return the breach ledger of every commitment that has an incident; days and months end in `zone`."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        for name in dict.fromkeys(o.commitment for o in case.origins if o.commitment):
            found.setdefault(name, []).append(case)
    return tuple(_ledger(name, found[name], terms.get(name), now, zone) for name in sorted(found))


def _ledger(name: str, cases: Sequence[Case], terms: Terms | None, now: datetime, zone: ZoneInfo) -> Ledger:
    ordered = sorted(cases, key=_since)
    incidents = tuple(_incident(name, case, terms, now, zone) for case in ordered)
    right = _right(terms.right, incidents, now, zone) if terms is not None and terms.right is not None else None
    known = [each.owed for each in incidents if each.owed is not None]
    has_credit = terms is not None and terms.credit is not None
    return Ledger(name, terms, incidents, right, sum(known) if has_credit else None)


def _incident(name: str, case: Case, terms: Terms | None, now: datetime, zone: ZoneInfo) -> Incident:
    owed, why = (None, "no terms") if terms is None or terms.credit is None else _owed(terms.credit, name, case)
    sightings = sum(origin.commitment == name for origin in case.origins)
    decided = case.decision.what.kind if case.decision is not None else "not decided"
    remedy = next((o.remedy for o in reversed(case.origins) if o.commitment == name and o.remedy), "")
    cure = _cure(terms, case, now, zone) if terms is not None and terms.cure is not None else None
    return Incident(case.id, _since(case), sightings, decided, remedy, cure, owed, why)


def _since(case: Case) -> datetime:
    return min(origin.seen_at for origin in case.origins)


def _cure(terms: Terms, case: Case, now: datetime, zone: ZoneInfo) -> CurePeriod:
    cure = terms.cure
    if cure is None:
        raise TypeError("no cure period was agreed")
    notices = [n.sent_at for n in case.notices.values() if n.template == BREACH_NOTICE and n.sent_at is not None]
    started = _since(case) if cure.begins == "sighting" else min(notices, default=None)
    if started is None:
        state = CureState.CURED if case.cured_at is not None else CureState.NOT_BEGUN
        return CurePeriod(state, None, None)
    due = after(started, cure.within, zone)
    if case.cured_at is not None:
        return CurePeriod(CureState.CURED if case.cured_at <= due else CureState.UNCURED, started, due)
    return CurePeriod(CureState.RUNNING if now <= due else CureState.UNCURED, started, due)


def _right(right: Right, incidents: Sequence[Incident], now: datetime, zone: ZoneInfo) -> RightClock:
    """Return the right as of now; it arises with the last of as many incidents as it takes, and anew with each more."""
    moments = sorted(_counts(right, incidents, now))
    last = right.incidents - 1
    arisen = [
        moment
        for first, moment in zip(moments, moments[last:], strict=False)
        if right.window is None or moment <= after(first, right.window, zone)
    ]
    counted = [m for m in moments if right.window is None or now <= after(m, right.window, zone)]
    if not arisen:
        return RightClock(RightState.NOT_ARISEN, None, None, len(counted))
    lapses = None if right.exercise_within is None else after(arisen[-1], right.exercise_within, zone)
    state = RightState.OPEN if lapses is None or now <= lapses else RightState.LAPSED
    return RightClock(state, arisen[-1], lapses, len(counted))


def _counts(right: Right, incidents: Sequence[Incident], now: datetime) -> list[datetime]:
    """Return when each incident began to count: when it was seen, or when its cure period ended without a cure."""
    if not right.uncured:
        return [each.since for each in incidents]
    periods = [each.cure for each in incidents if each.cure is not None]
    return [p.due for p in periods if p.state is CureState.UNCURED and p.due is not None and p.due < now]


def _owed(credit: Credit, name: str, case: Case) -> tuple[int | None, str]:
    """Return a credit in the smallest unit, rounded down, or why it cannot be computed; the worst sighting counts."""
    steps: list[Fraction] = []
    for origin in case.origins:
        if origin.commitment != name:
            continue
        if credit.step is None:
            steps.append(Fraction(1))
        elif origin.limit is not None and origin.worst is not None:
            missed = abs(Fraction(origin.worst) - Fraction(origin.limit))
            steps.append(_rounded(missed / credit.step, credit.rounding))
    if not steps:
        return None, "the finding has no measure to count steps of"
    share = credit.share.steps * max(steps)
    if credit.cap is not None:
        share = min(share, Fraction(credit.cap.steps))
    return math.floor(share * credit.fee.minor / WHOLE), ""


def _rounded(steps: Fraction, rounding: str | None) -> Fraction:
    match rounding:
        case "floor":
            return Fraction(math.floor(steps))
        case "ceil":
            return Fraction(math.ceil(steps))
        case _:
            return steps


def after(start: datetime, length: Duration, zone: ZoneInfo) -> datetime:
    """Return the end of a period: hours and days elapse, months end with their last day's last second in the zone."""
    if not length.months:
        return start + timedelta(microseconds=length.microseconds)
    return end_of(add_months(start.astimezone(zone).date(), length.months), zone)
