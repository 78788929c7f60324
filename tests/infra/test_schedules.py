"""Slots of schedules: the instants that Prefect reads from the same lines, periods that join, and what fills them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evidence.ledger_entry import Entry, RunCompleted, RunStarted
from evidence.model import Period, Status
from infra.cron import parse
from infra.schedules import Schedule, Slot, Span, fill

LINES = ("30 4 * * *", "0 12 1 * *", "5 6 2-5 */3 *", "0 5 5 1,4,7,10 *", "0 7 * * 1-5", "0 7 * * 7", "0 9 3/7 * *")
ZONES = ("Europe/Brussels", "America/New_York", "UTC", "Australia/Lord_Howe", "Asia/Kolkata")
HOUR = timedelta(hours=1)
#: Prints the next slots of every line in every zone as Prefect's scheduler computes them.
THEIRS = """
import asyncio, json, sys
from datetime import datetime
from prefect.server.schemas.schedules import CronSchedule
found = []
for cron in sys.argv[2].split(";"):
    for zone in sys.argv[3].split(";"):
        dates = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(40, datetime.fromisoformat(sys.argv[1])))
        found.append([date.isoformat() for date in dates])
print(json.dumps(found))
"""


def schedule(line: str = "30 4 * * *", zone: str = "Europe/Brussels", span: Span = Span.DAY) -> Schedule:
    return Schedule("daily", parse(line), ZoneInfo(zone), span, date(2026, 3, 1), HOUR)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_slots_are_those_that_prefect_computes(tmp_path: object) -> None:
    start = datetime(2026, 3, 3, 1, tzinfo=UTC)
    command = [sys.executable, "-c", THEIRS, start.isoformat(), ";".join(LINES), ";".join(ZONES)]
    environment = dict(os.environ) | {"PREFECT_HOME": str(tmp_path)}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    theirs = iter(json.loads(told.splitlines()[-1]))
    for line in LINES:
        for zone in ZONES:
            dates = [at(text) for text in next(theirs)]
            assert list(parse(line).slots(ZoneInfo(zone), start, dates[-1])) == dates, (line, zone)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("30 4 * *", "five fields"),
        ("*/5 4 * * *", "one minute"),
        ("30 4,5 * * *", "one hour"),
        ("30 4 1 * 1", "not both"),
        ("30 24 * * *", "goes from 0 to 23"),
        ("30 4 0 * *", "goes from 1 to 31"),
        ("30 4 5-2 * *", "goes from 1 to 31"),
        ("30 4 */0 * *", "goes from 1 to 31"),
        ("30 4 MON * *", "no day of the month"),
        ("30 4 ١ * *", "no day of the month"),
    ],
)
def test_a_line_that_is_none_says_why(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(line)


@pytest.mark.parametrize("line", ["30 2 * * *", "0 3 * * *"])
def test_a_time_that_clocks_skip_or_repeat_is_refused(line: str) -> None:
    problem = schedule(line).problem()
    assert (problem is None) == (line == "0 3 * * *")


def test_a_day_without_a_slot_is_refused() -> None:
    assert "each day needs one slot" in (schedule("30 4 * * 1-5").problem() or "")


def test_a_month_that_lacks_its_slot_is_refused() -> None:
    assert "each month needs one slot" in (schedule("30 4 31 * *", span=Span.MONTH).problem() or "")


def test_the_period_is_that_of_the_slot_however_late_it_is_looked_at() -> None:
    (slot,) = schedule().slots(at("2026-03-02T00:00:00+01:00"))
    assert slot.at == at("2026-03-01T04:30:00+01:00")
    assert slot.period == Period.of(at("2026-02-28T00:00:00+01:00"), at("2026-03-01T00:00:00+01:00"))


@pytest.mark.parametrize(
    ("span", "line", "start", "end"),
    [
        (Span.DAY, "30 4 * * *", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        (Span.MONTH, "30 4 2 * *", "2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00"),
        (Span.QUARTER, "30 4 5 1,4,7,10 *", "2025-10-01T00:00:00+02:00", "2026-01-01T00:00:00+01:00"),
    ],
)
def test_periods_are_whole_days_months_and_quarters_of_the_zone(span: Span, line: str, start: str, end: str) -> None:
    instant = at("2026-03-30T04:30:00+02:00") if span is Span.DAY else at("2026-03-02T04:30:00+01:00")
    assert schedule(line, span=span).period(instant) == Period.of(at(start), at(end))


def test_periods_of_successive_slots_join_over_both_changes_of_the_clocks() -> None:
    periods = [slot.period for slot in schedule().slots(at("2027-04-30T12:00:00Z"))]
    assert len(periods) == 426
    assert all(one.end == other.start for one, other in itertools.pairwise(periods))


SLOT = next(schedule().slots(at("2026-03-02T00:00:00Z")))


def started(run: str, begun: datetime, slot: Slot = SLOT, contract: str = "c") -> RunStarted:
    return RunStarted(contract=contract, sequence=1, run=run, period=slot.period, started_at=begun)


def completed(run: str, contract: str = "c") -> RunCompleted:
    digest = "0" * 64
    return RunCompleted(
        contract=contract, sequence=1, run=run, start=digest, statement=digest, status=Status.MET, previous=None
    )


LATER = SLOT.at + timedelta(days=3)


@pytest.mark.parametrize(
    ("entries", "run", "done"),
    [
        ((), None, False),
        ((started("a", LATER),), "a", False),
        ((started("a", LATER), completed("a")), "a", True),
        ((started("a", SLOT.at), completed("a")), "a", True),
        ((started("a", SLOT.at - timedelta(microseconds=1)), completed("a")), None, False),
        ((started("a", LATER), started("b", LATER), completed("b")), "b", True),
        ((started("a", LATER), completed("a"), started("b", LATER), completed("b")), "a", True),
        ((started("a", LATER, contract="other"), completed("a", "other")), None, False),
    ],
    ids=["nothing", "begun", "completed late", "in time", "before the slot", "again", "twice", "another contract"],
)
def test_a_slot_is_filled_by_the_first_completed_run_of_its_period(
    entries: tuple[Entry, ...], run: str | None, done: bool
) -> None:
    (filled,) = fill((SLOT,), "c", entries)
    assert (filled.started.run if filled.started else None, filled.done) == (run, done)


def test_a_run_of_another_period_fills_nothing() -> None:
    other = Slot("daily", SLOT.at, Period.of(SLOT.period.start, SLOT.period.end + HOUR))
    (filled,) = fill((SLOT,), "c", (started("a", LATER, other), completed("a")))
    assert filled.started is None
