"""Every worked example, properties over drawn anchors, and mutants that an example must notice."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.clocks import calendar, deadline, period
from checks.clocks.anchor import Anchor, end_of, read_anchor
from checks.clocks.calendar import Calendar, calendar_named
from checks.clocks.deadline import Facts
from checks.clocks.rule import ANCHORS, Hours, rule_named, rules
from evidence.errors import BadInput
from tests.checks.clocks.vectors import VECTORS, found, holds

INSTANTS = st.datetimes(datetime(2026, 9, 12), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.dates(date(2026, 9, 12), date(2029, 12, 31))
HOURS = sorted(name for name, rule in rules().items() if isinstance(rule.form, Hours))
ZONES = st.sampled_from(["Europe/Brussels", "Europe/London", "America/New_York", "Pacific/Chatham", "UTC"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['rule']}: {v['name']}")
def test_worked_examples(vector: dict[str, Any]) -> None:
    assert holds(vector), found(vector)


def test_every_rule_has_an_example_and_sound_parts() -> None:
    assert {vector["rule"] for vector in VECTORS} == set(rules())
    assert {name for rule in rules().values() for name in rule.anchors} == set(ANCHORS)
    assert all(rule.form.anchor == rule.anchors[0] for rule in rules().values())


def at(rule: str, zone: str | None = None, entity: str | None = None, **anchors: datetime | date) -> deadline.Deadline:
    named = {
        name: Anchor(name, value, None) if isinstance(value, datetime) else Anchor(name, None, value)
        for name, value in anchors.items()
    }
    facts = Facts(named, frozenset([entity] if entity else []), ("BE",), zone=zone)
    return deadline.deadline(rule_named(rule), facts)


@settings(deadline=None)
@given(st.sampled_from([name for name in HOURS if name != "dora-intermediate"]), INSTANTS, ZONES)
def test_hours_elapse_exactly_and_end_before_the_outer_limit(name: str, moment: datetime, zone: str) -> None:
    form = rule_named(name).form
    assert isinstance(form, Hours)
    answer = at(name, zone, **{form.anchor: moment})
    assert answer.due is not None
    assert answer.due - moment == timedelta(hours=form.hours)
    assert answer.outer is None or timedelta() < answer.outer - answer.due <= timedelta(hours=1)


@settings(deadline=None)
@given(st.sampled_from(sorted(set(rules()) - {"gdpr-34", "contract-notice", "dora-initial"})), INSTANTS, INSTANTS)
def test_a_later_anchor_never_has_an_earlier_deadline(name: str, one: datetime, other: datetime) -> None:
    anchor = rule_named(name).form.anchor
    first, second = (at(name, **{anchor: moment}).due for moment in sorted((one, other)))
    assert first is not None
    assert second is not None
    assert first <= second


@settings(deadline=None)
@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=4)))
def test_dora_is_never_later_than_four_hours_from_classification(aware: datetime, taken: timedelta) -> None:
    due = at("dora-initial", entity="credit-institution", aware=aware, classified=aware + taken).due
    assert due is not None
    assert due <= aware + taken + timedelta(hours=4)
    assert taken > timedelta(hours=24) or due <= aware + timedelta(hours=24)


@settings(deadline=None)
@given(DAYS, st.sampled_from([2, 10, 15]))
def test_days_under_union_law_end_on_a_working_day_with_two_before(day: date, days: int) -> None:
    belgium = calendar_named("BE")
    last = period.after_union_days(day, days, belgium)
    assert belgium.is_working(last)
    assert belgium.working_between(day + timedelta(days=1), last) >= 2
    assert last >= day + timedelta(days=days)


@settings(deadline=None)
@given(DAYS, st.integers(1, 24))
def test_months_keep_the_day_or_take_the_last(day: date, months: int) -> None:
    later = period.after_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


@settings(deadline=None)
@given(DAYS, ZONES)
def test_a_day_ends_a_second_before_the_next_begins(day: date, zone: str) -> None:
    last = end_of(day, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    assert (last.date(), (last + timedelta(seconds=1)).hour) == (day, last.hour) or last.hour == 23


def test_the_calendar_says_which_days_it_used() -> None:
    answer = at("dora-final", latest_intermediate=date(2026, 12, 15))
    assert answer.calendar is not None
    assert answer.calendar["id"] == "BE"
    assert answer.calendar["version"].startswith("holidays-")
    assert answer.calendar["sha256"] == Calendar("BE").used(date(2026, 1, 1), date(2027, 12, 31))["sha256"]
    assert answer.calendar["sha256"] != Calendar("BE").used(date(2027, 1, 1), date(2027, 12, 31))["sha256"]


def test_regional_holidays_count_in_their_region_alone() -> None:
    epiphany = date(2027, 1, 6)
    assert not calendar_named("DE-BY").is_working(epiphany)
    assert calendar_named("DE").is_working(epiphany)


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ("aware=2026-10-23T18:30:00", "no zone"),
        ("aware=2027-03-28T02:30:00", "no zone"),
        ("aware=2027-03-28T02:30:00[Europe/Brussels]", "skip this time"),
        ("aware=2026-10-25T02:30:00[Europe/Brussels]", "twice"),
        ("aware=2026-12-01T02:30:00+02:00[Europe/Brussels]", "does not have this offset"),
        ("aware=2026-12-01T02:30:00[Europe/Atlantis]", "no zone of the IANA database"),
        ("aware=2026-12-01T02:30:00[../../etc/passwd]", "not an instant"),
        ("aware=2027-02-30T10:00:00Z", "not an instant"),
        ("aware=2027-02-30", "not an instant"),
        ("aware=2026-12-01T25:00:00Z", "not an instant"),
        ("aware=9999-12-31T23:00:00Z", "not an instant"),
        ("aware=0001-01-01T00:00:00+14:00", "not an instant"),
        ("aware=20261201T100000Z junk", "not an instant"),
        ("aware=", "not an instant"),
        ("awake=2026-12-01T10:00:00Z", "no anchor"),
        ("aware", "no anchor"),
    ],
)
def test_an_anchor_that_is_not_one_instant_is_refused(stated: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_anchor(stated)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"entities": frozenset({"bank"})}, "not known"),
        ({"circumstances": frozenset({"fire"})}, "not known"),
        ({"countries": ("XX",)}, "no calendar"),
        ({"countries": ("../x",)}, "no calendar"),
        ({"zone": "Mars/Olympus"}, "IANA"),
    ],
)
def test_facts_that_nobody_knows_are_refused(more: dict[str, Any], why: str) -> None:
    aware = Anchor("aware", datetime(2026, 11, 27, 8, tzinfo=UTC), None)
    with pytest.raises(BadInput, match=why):
        deadline.deadline(rule_named("dora-initial"), Facts({"aware": aware}, **more))


def test_classified_before_aware_is_refused() -> None:
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    with pytest.raises(BadInput, match="before aware"):
        at("dora-initial", aware=noon, classified=noon - timedelta(seconds=1))


def test_the_contracts_hours_are_never_guessed() -> None:
    with pytest.raises(BadInput, match="--within"):
        at("contract-notice", aware=datetime(2026, 11, 27, 12, tzinfo=UTC))


def test_an_unknown_rule_names_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"there are ai-act-73, ca-1798\.82"):
        rule_named("gdpr-35")


def local_hours(moment: datetime, hours: int) -> datetime:
    brussels = ZoneInfo("Europe/Brussels")
    return (moment.astimezone(brussels) + timedelta(hours=hours)).astimezone(UTC)


def exchange(name: str, year: int) -> dict[date, str]:
    found = holidays.financial_holidays("NYSE", years=year) if name == "US" else holidays.country_holidays(name)
    return {day: str(what) for day, what in found.items()}


MUTANTS = {
    "local time for UTC": (period, "after_hours", local_hours),
    "30 days for a month": (period, "after_months", lambda day, months: day + timedelta(days=30 * months)),
    "the exchange's calendar": (calendar, "_holidays", exchange),
    "no two working days": (period, "TWO", 99),
    "outer limit from the event's own hour": (period, "HOUR", timedelta(hours=1, minutes=1)),
    "midnight for the end of a day": (
        deadline,
        "end_of",
        lambda day, zone: datetime(day.year, day.month, day.day, tzinfo=zone),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_noticed_by_a_worked_example(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, instead = MUTANTS[name]
    monkeypatch.setattr(where, what, instead)
    assert not all(holds(vector) for vector in VECTORS)


BOUNDARIES = {
    "classified exactly at the cap": ("if classified > cap:", "if classified >= cap:"),
    "due exactly at the cap": ("if due <= cap:", "if due < cap + form.cap_hours * DAY:"),
    "exactly 500 affected": ("affected >= form.affected:", "affected > form.affected:"),
    "on the day it applies": ("day < rule.effective_from", "day <= rule.effective_from"),
    "relief for whoever is barred": ("if barred := ", "if barred := not "),
}


@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_boundary_moved_in_the_source_is_noticed_by_a_worked_example(name: str) -> None:
    whole, changed = BOUNDARIES[name]
    source = Path(deadline.__file__).read_text()
    assert source.count(whole) == 1
    mutant = ModuleType("mutant")
    sys.modules["mutant"] = mutant
    try:
        exec(compile(source.replace(whole, changed), "mutant", "exec"), vars(mutant))
        assert not all(noticed(vector, mutant.deadline) for vector in VECTORS)
    finally:
        del sys.modules["mutant"]


def noticed(vector: dict[str, Any], compute: Any) -> bool:
    try:
        return holds(vector, compute)
    except TypeError:
        return False
