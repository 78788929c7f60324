"""What the schedule demands, held against the ledger: which slots are filled, due to be audited, or missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checks.codes import Code
from evidence import ledger_entry
from evidence.errors import BadInput, Place, Problem
from evidence.ledger import Ledger
from flows.engagement import Engagement
from flows.schedule_file import Schedules
from infra.schedules import Filled, Schedule, fill


@dataclass(frozen=True, slots=True)
class Standing:
    """One schedule and every slot of it that has come, oldest first."""

    schedule: Schedule
    slots: tuple[Filled, ...]

    @property
    def open(self) -> tuple[Filled, ...]:
        """Return the slots that no run completed."""
        return tuple(filled for filled in self.slots if not filled.done)

    def due(self, most: int) -> tuple[Filled, ...]:
        """Return what is to be audited now, oldest first: at most the newest slot and `most` missed ones before it."""
        return tuple(filled for filled in self.slots[-1 - most :] if not filled.done)

    def missed(self, now: datetime) -> tuple[Filled, ...]:
        """Return the open slots whose grace is over."""
        return tuple(filled for filled in self.open if filled.slot.at + self.schedule.grace < now)


def schedules_of(engagement: Engagement) -> Schedules:
    """Return the schedules of an engagement; BadInput when its audit file has none."""
    if engagement.file.schedules is None:
        where = Place(str(engagement.folder / "audit.yaml"))
        hint = "docs/operate.md shows one"
        raise BadInput(Problem(Code.MALFORMED, "it has no section `schedules`", where, hint))
    return engagement.file.schedules


def ledger_of(engagement: Engagement) -> Ledger:
    """Return the ledger; BadInput without one, for nothing else remembers which audits were made."""
    ledger = engagement.ledger()
    if ledger is None:
        where = Place(str(engagement.folder / "audit.yaml"))
        hint = "`probity keys new` makes its key; without a ledger nobody can tell a missed audit"
        raise BadInput(Problem(Code.MALFORMED, "schedules need a ledger", where, hint))
    return ledger


def standings(engagement: Engagement, now: datetime) -> tuple[Standing, ...]:
    """Return how every schedule stands at an instant; NotLogged when the ledger is no single history."""
    entries = [ledger_entry.parse(leaf) for leaf in ledger_of(engagement).leaves()]
    contract = engagement.contract.id
    return tuple(
        Standing(schedule, fill(tuple(schedule.slots(now)), contract, entries))
        for schedule in schedules_of(engagement).each()
    )


def standing(engagement: Engagement, schedule: str, now: datetime) -> Standing:
    """Return how one schedule stands; BadInput when there is none of that name."""
    for each in standings(engagement, now):
        if each.schedule.name == schedule:
            return each
    names = ", ".join(schedules_of(engagement).audits)
    hint = f"it has {names}; `probity deploy` retires runs of schedules that are gone"
    where = Place(str(engagement.folder / "audit.yaml"))
    raise BadInput(Problem(Code.MALFORMED, f"there is no schedule {schedule!r}", where, hint))
