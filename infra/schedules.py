"""When audits are due and what each one audits: the schedule, as far as it can be known without asking anybody.

A slot is filled by a run that the ledger knows: one that audited exactly the slot's period and was begun at the slot or
later. Whoever starts runs is only an alarm clock; its own list of runs is never asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from evidence.ledger_entry import Entry, RunCompleted, RunStarted
from evidence.model import Period
from infra.cron import Cron

#: How far ahead a schedule is proved to leave nothing out: more than a leap year and both changes of the clocks.
PROVED_DAYS = 800


class Span(StrEnum):
    """What one audit is about: the last whole day, month or quarter of the zone before its slot."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Slot:
    """One audit that is due at an instant, and the period it is about."""

    schedule: str
    at: datetime
    period: Period


@dataclass(frozen=True, slots=True)
class Schedule:
    """The slots of one name from the day `since` on; `grace` is how late a run may begin without being a catch-up."""

    name: str
    cron: Cron
    zone: ZoneInfo
    span: Span
    since: date
    grace: timedelta

    def slots(self, until: datetime, after: datetime | None = None) -> Iterator[Slot]:
        """Return the slots that are due by `until`, oldest first; with `after`, only those later than that."""
        first = datetime.combine(self.since, time(), self.zone).astimezone(UTC) - timedelta(microseconds=1)
        for at in self.cron.slots(self.zone, first if after is None else max(first, after), until):
            yield Slot(self.name, at, self.period(at))

    def period(self, at: datetime) -> Period:
        """Return the last whole day, month or quarter of the zone before an instant."""
        end = at.astimezone(self.zone).date()
        if self.span is not Span.DAY:
            end = end.replace(day=1)
        if self.span is Span.QUARTER:
            end = end.replace(month=end.month - (end.month - 1) % 3)
        return Period.of(self._midnight(self._before(end)), self._midnight(end))

    def problem(self) -> str | None:
        """Return what is wrong with the schedule: a time that clocks skip or repeat, or a period without its slot."""
        unclear = self.cron.unclear(self.zone, self.since, PROVED_DAYS)
        if unclear is not None:
            return f"clocks in {self.zone.key} show {self.cron.at:%H:%M} twice or not at all on {unclear}; take another"
        until = datetime.combine(self.since, time(), UTC) + timedelta(days=PROVED_DAYS)
        last: Slot | None = None
        for slot in self.slots(until):
            if last is not None and slot.period.start != last.period.end:
                return f"each {self.span} needs one slot; after that of {last.at:%Y-%m-%d} comes {slot.at:%Y-%m-%d}"
            last = slot
        return None if last else f"no slot lies within {PROVED_DAYS} days of {self.since}"

    def _before(self, end: date) -> date:
        if self.span is Span.DAY:
            return end - timedelta(days=1)
        months = 1 if self.span is Span.MONTH else 3
        index = end.year * 12 + end.month - 1 - months
        return date(index // 12, index % 12 + 1, 1)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Filled:
    """What the ledger knows of a slot: the run that completed it, else the newest begun for it, else nothing."""

    slot: Slot
    started: RunStarted | None = None
    completed: RunCompleted | None = None

    @property
    def done(self) -> bool:
        """Return whether a run completed it."""
        return self.completed is not None


def fill(slots: Sequence[Slot], contract: str, entries: Sequence[Entry]) -> tuple[Filled, ...]:
    """Return each slot with its run among the ledger's entries, oldest first; the first that was completed counts.

    A run fills the slot of its period, and none that comes after its start.
    """
    starts: dict[tuple[datetime, datetime], list[RunStarted]] = {}
    completed: dict[str, RunCompleted] = {}
    for entry in entries:
        if entry.contract == contract and isinstance(entry, RunStarted):
            starts.setdefault((entry.period.start, entry.period.end), []).append(entry)
        elif entry.contract == contract and isinstance(entry, RunCompleted):
            completed[entry.run] = entry
    found = []
    for slot in slots:
        known = starts.get((slot.period.start, slot.period.end), [])
        runs = [s for s in known if s.started_at >= slot.at]
        ended = next((s for s in runs if s.run in completed), None)
        begun = ended or (runs[-1] if runs else None)
        found.append(Filled(slot, begun, completed.get(begun.run) if begun else None))
    return tuple(found)
