"""When a notice is due: one rule, the anchors that are known, and what is known of the entity; a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import singledispatch
from zoneinfo import ZoneInfo

from checks.clocks import period
from checks.clocks.anchor import Anchor, end_of, zone_named
from checks.clocks.calendar import ZONES, Calendar, calendar_named
from checks.clocks.rule import (
    CIRCUMSTANCES,
    ENTITIES,
    BusinessDays,
    Classification,
    ContractHours,
    Days,
    Form,
    Hours,
    Months,
    NoNumber,
    Rule,
    UnionDays,
    YearEnd,
)
from evidence.errors import BadInput, Place, Problem

DAY = timedelta(days=1)


class Standing(StrEnum):
    """What a computed deadline is worth."""

    COMPUTED = "computed"
    PROVISIONAL = "provisional"  # rests on something that is not known yet, and may move
    ANCHOR_MISSING = "anchor_missing"
    NO_NUMBER = "no_number"
    NOT_IN_FORCE = "not_in_force"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: anchors by name, the entity's kinds, countries, circumstances, affected people, contract hours."""

    anchors: Mapping[str, Anchor]
    entities: frozenset[str] = frozenset()
    countries: tuple[str, ...] = ()
    circumstances: frozenset[str] = frozenset()
    affected: int | None = None
    contract_hours: int | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a notice is due in UTC, and why; `outer` is the legal limit where the law leaves more than is enforced."""

    rule: Rule
    standing: Standing
    zone: ZoneInfo
    due: datetime | None
    basis: str
    outer: datetime | None = None
    assumptions: tuple[str, ...] = ()
    calendar: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the forms need beside themselves. `holidays` is None where no country was given."""

    rule: Rule
    facts: Facts
    zone: ZoneInfo
    holidays: Calendar | None

    def anchor(self, name: str) -> Anchor:
        return self.facts.anchors[name]


def deadline(rule: Rule, facts: Facts) -> Deadline:
    """Return the deadline of one rule.

    Raises `BadInput` for an entity, circumstance, country or zone that is none, and where the contract's hours are
    needed and not given: the number is in the contract and is never guessed.
    """
    _refuse_unknown(facts)
    zone, assumed = zone_of(rule, facts)
    name = rule.calendar or next(iter(facts.countries), None)
    holidays = calendar_named(name) if name else None
    desk = _Desk(rule, facts, zone, holidays)
    if rule.form.anchor not in facts.anchors:
        basis = f"{rule.form.anchor} is not known: the period has not visibly begun"
        return Deadline(rule, Standing.ANCHOR_MISSING, zone, None, basis, None, (*assumed, *rule.assumptions))
    day = desk.anchor(rule.form.anchor).date(zone)
    if day < rule.effective_from or (rule.effective_to is not None and day >= rule.effective_to):
        basis = f"{rule.legal_ref} is applied from {rule.effective_from} and was not on {day}"
        return Deadline(rule, Standing.NOT_IN_FORCE, zone, None, basis, None, assumed)
    found = _relieved(_due(rule.form, desk), desk)
    listed = (*found.assumptions, *assumed, *_dated(desk), *rule.assumptions)
    standing = Standing.PROVISIONAL if _dated(desk) and found.standing is Standing.COMPUTED else found.standing
    return replace(found, standing=standing, assumptions=listed, calendar=_used(desk, found))


def _used(desk: _Desk, found: Deadline) -> Mapping[str, str] | None:
    if desk.holidays is None or found.due is None:
        return None
    return desk.holidays.used(
        desk.anchor(desk.rule.form.anchor).date(desk.zone), found.due.astimezone(desk.zone).date()
    )


def _refuse_unknown(facts: Facts) -> None:
    for given, known, where in (
        (facts.entities, ENTITIES, "--entity"),
        (facts.circumstances, CIRCUMSTANCES, "--circumstance"),
    ):
        for name in sorted(given - set(known)):
            raise BadInput(
                Problem("B004", f"{name[:60]!r} is not known", Place(where), f"there are {', '.join(known)}")
            )


def zone_of(rule: Rule, facts: Facts) -> tuple[ZoneInfo, tuple[str, ...]]:
    """Return the zone in which days end for a rule, and what was assumed of it."""
    if facts.zone is not None:
        return zone_named(facts.zone), ()
    if rule.zone is not None:
        return zone_named(rule.zone), ()
    for country in facts.countries:
        if found := ZONES.get(country[:2]):
            return zone_named(found), (f"days end in {found}, the zone of the capital of {country[:2]}",)
    return zone_named("UTC"), ("no zone was given: days end in UTC",)


def _dated(desk: _Desk) -> tuple[str, ...]:
    """Return what was assumed where a period in hours runs from a day whose hour is not known."""
    if not isinstance(desk.rule.form, Hours | ContractHours | Classification):
        return ()
    return tuple(
        f"the hour of {name} is not known: its day's first instant in {desk.zone.key} is used, the earliest it can be"
        for name in desk.rule.anchors
        if name in desk.facts.anchors and desk.facts.anchors[name].day is not None
    )


def _answer(desk: _Desk, due: datetime, basis: str, *more: str, standing: Standing = Standing.COMPUTED) -> Deadline:
    return Deadline(desk.rule, standing, desk.zone, due.astimezone(UTC), basis, None, more)


@singledispatch
def _due(form: Form, desk: _Desk) -> Deadline:
    raise TypeError(f"{desk.rule.id}: no arithmetic for {type(form).__name__}")


@_due.register
def _hours(form: Hours, desk: _Desk) -> Deadline:
    shorter = {name: hours for name, hours in form.for_entity.items() if name in desk.facts.entities}
    hours = min(shorter.values(), default=form.hours)
    return _elapsed(desk, form.anchor, hours, f"{form.anchor} + {hours} h, elapsed ({desk.rule.legal_ref})")


@_due.register
def _contract_hours(form: ContractHours, desk: _Desk) -> Deadline:
    hours = desk.facts.contract_hours
    if hours is None:
        hint = "give --within 24h, as the contract says"
        raise BadInput(Problem("B005", "the contract's number of hours is needed", Place("--within"), hint))
    return _elapsed(desk, form.anchor, hours, f"{form.anchor} + {hours} h, elapsed ({desk.rule.legal_ref})")


def _elapsed(desk: _Desk, anchor: str, hours: int, basis: str) -> Deadline:
    at = desk.anchor(anchor).instant(desk.zone)
    found = _answer(desk, period.after_hours(at, hours), basis)
    return replace(found, outer=period.union_outer(at, hours, desk.zone)) if desk.rule.union_period else found


@_due.register
def _classification(form: Classification, desk: _Desk) -> Deadline:
    aware = desk.anchor(form.anchor).instant(desk.zone)
    cap = period.after_hours(aware, form.cap_hours)
    if form.classified not in desk.facts.anchors:
        basis = f"{form.anchor} + {form.cap_hours} h: awaiting classification (2025/301 art. 5(1)(a))"
        late = "classified later than that, the notification is due 4 h from classification (art. 5(2))"
        return _answer(desk, cap, basis, late, standing=Standing.PROVISIONAL)
    classified = desk.anchor(form.classified).instant(desk.zone)
    if classified < aware:
        where = f"--anchor {form.classified}"
        raise BadInput(Problem("B006", f"lies before {form.anchor}", Place(where), "correct one of the two"))
    due = period.after_hours(classified, form.hours_after_classified)
    if classified > cap:
        return _answer(desk, due, f"{form.classified} + {form.hours_after_classified} h alone (2025/301 art. 5(2))")
    if due <= cap:
        return _answer(desk, due, f"{form.classified} + {form.hours_after_classified} h (2025/301 art. 5(1)(a))")
    return _answer(desk, cap, f"{form.anchor} + {form.cap_hours} h, the cap (2025/301 art. 5(1)(a))")


@_due.register
def _months(form: Months, desk: _Desk) -> Deadline:
    last = period.after_months(desk.anchor(form.anchor).date(desk.zone), form.months)
    basis = f"end of the day {form.months} month after {form.anchor} ({desk.rule.legal_ref})"
    found = _answer(desk, end_of(last, desk.zone), basis)
    if not desk.rule.union_period or desk.holidays is None:
        return found
    return replace(found, outer=end_of(desk.holidays.working_from(last), desk.zone))


@_due.register
def _days(form: Days, desk: _Desk) -> Deadline:
    last = desk.anchor(form.anchor).date(desk.zone) + form.days * DAY
    return _answer(desk, end_of(last, desk.zone), f"end of day {form.days} after {form.anchor} ({desk.rule.legal_ref})")


@_due.register
def _union_days(form: UnionDays, desk: _Desk) -> Deadline:
    shorter = {name: days for name, days in form.for_circumstance.items() if name in desk.facts.circumstances}
    days = min(shorter.values(), default=form.days)
    day = desk.anchor(form.anchor).date(desk.zone)
    nominal = day + days * DAY
    basis = f"end of day {days} after {form.anchor} ({desk.rule.legal_ref})"
    open_to = ", ".join(f"{n} days for {name}" for name, n in form.for_circumstance.items() if n < days)
    known = (f"may become shorter: {open_to}",) if open_to else ()
    if desk.holidays is None:
        more = "no country was given: the period is not extended over days that are no working days there"
        return _answer(desk, end_of(nominal, desk.zone), basis, *known, more, standing=Standing.PROVISIONAL)
    last = period.after_union_days(day, days, desk.holidays)
    moved = (f"the nominal last day is {nominal}",) if last != nominal else ()
    return _answer(desk, end_of(last, desk.zone), basis, *known, *moved)


@_due.register
def _business_days(form: BusinessDays, desk: _Desk) -> Deadline:
    if desk.holidays is None:
        raise TypeError(f"{desk.rule.id}: business days need a calendar")
    last = desk.holidays.working_after(desk.anchor(form.anchor).date(desk.zone), form.days)
    basis = f"{form.until:%H:%M} of business day {form.days} after {form.anchor} ({desk.rule.legal_ref})"
    closures = "days on which federal offices are closed by executive order are not in the calendar"
    return _answer(desk, period.time_of(last, form.until, desk.zone), basis, closures)


@_due.register
def _year_end(form: YearEnd, desk: _Desk) -> Deadline:
    day = desk.anchor(form.anchor).date(desk.zone)
    many = day + form.days_if_affected * DAY
    few = date(day.year, 12, 31) + form.days * DAY
    affected = desk.facts.affected
    if affected is not None and affected >= form.affected:
        basis = f"end of day {form.days_if_affected} after {form.anchor}, for {form.affected} or more"
        return _answer(desk, end_of(many, desk.zone), f"{basis} ({desk.rule.legal_ref})")
    basis = f"end of day {form.days} after the year's end, for fewer than {form.affected} ({desk.rule.legal_ref})"
    if affected is not None:
        return _answer(desk, end_of(few, desk.zone), basis)
    more = f"how many are affected is not known: with {form.affected} or more it is due by the end of {many}"
    return _answer(desk, end_of(few, desk.zone), basis, more, standing=Standing.PROVISIONAL)


@_due.register
def _no_number(form: NoNumber, desk: _Desk) -> Deadline:
    basis = f"without undue delay after {form.anchor} ({desk.rule.legal_ref})"
    return Deadline(desk.rule, Standing.NO_NUMBER, desk.zone, None, basis)


def _relieved(found: Deadline, desk: _Desk) -> Deadline:
    """Move a limit on a non-working day to noon of the next working day, for whom the rule allows that."""
    relief = desk.rule.relief
    if relief is None or found.due is None:
        return found
    if barred := sorted(desk.facts.entities & set(relief.unless_entity)):
        return replace(found, assumptions=(*found.assumptions, f"no relief on non-working days for {barred[0]}"))
    if desk.holidays is None or (relief.unless_entity and not desk.facts.entities):
        lacking = "country" if desk.holidays is None else "kind of entity"
        more = f"no {lacking} was given: relief on non-working days is not taken"
        return replace(found, assumptions=(*found.assumptions, more))
    day = found.due.astimezone(desk.zone).date()
    if desk.holidays.is_working(day):
        return found
    due = period.noon_of(desk.holidays.working_from(day), desk.zone)
    basis = f"{found.basis}; noon of the next working day (2025/301 art. 5(4))"
    more = "the authority has not disapplied the relief (2025/301 art. 5(6))"
    return replace(found, due=due, basis=basis, assumptions=(*found.assumptions, more))
