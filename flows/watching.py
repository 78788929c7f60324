"""Watches between runs: the ledger is one history, no slot was missed, and every breach was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.errors import NotLogged, VerificationError
from evidence.ledger import Appended
from evidence.ledger_audit import examine
from evidence.model import instant_text
from flows.answers import answer, unanswered
from flows.cases import CaseId
from flows.due import ledger_of, schedules_of, standings
from flows.engagement import Engagement
from flows.sealed_runs import failing, name_of
from flows.slot_alerts import bundles_broken, ledger_broken, ledger_verifies, slots_missed


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found: slots that were missed, schedules that can make up for some, cases opened, and what is wrong."""

    missed: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    cases: tuple[CaseId, ...] = ()
    wrong: tuple[str, ...] = ()


def look(engagement: Engagement, now: datetime) -> Looked:
    """Hold the schedule against the ledger, tell people of missed slots, and answer what was left unanswered."""
    try:
        standing = standings(engagement, now)
    except NotLogged as error:
        ledger_broken(engagement, error, now)
        return Looked(wrong=(str(error),))
    ledger_verifies(engagement, now)
    missed = [filled for each in standing for filled in each.missed(now)]
    slots_missed(engagement, missed, now)
    cases, wrong = answer_all(engagement, now)
    most = schedules_of(engagement).catch_up
    behind = tuple(s.schedule.name for s in standing if set(s.missed(now)) & set(s.due(most)))
    said = tuple(f"{filled.slot.schedule} of {instant_text(filled.slot.at)} was missed" for filled in missed)
    return Looked(said, behind, cases, tuple(f"{name}: {why}" for name, why in wrong.items()))


def answer_all(engagement: Engagement, now: datetime) -> tuple[tuple[CaseId, ...], dict[str, str]]:
    """Answer every breached run; return the cases, and the bundles that opened none because they do not verify."""
    cases: dict[CaseId, None] = {}
    wrong: dict[str, str] = {}
    for run in unanswered(engagement, ledger_of(engagement)):
        try:
            cases |= dict.fromkeys(answer(engagement, run, now))
        except VerificationError as error:
            wrong[name_of(engagement, run)] = str(error)
    return tuple(cases), wrong


def reverified(engagement: Engagement, now: datetime) -> dict[str, str]:
    """Verify every stored bundle again and tell people; return those that fail, with the reason."""
    wrong = dict(failing(engagement, ledger_of(engagement), now))
    bundles_broken(engagement, wrong, now)
    return wrong


def cosign(engagement: Engagement, now: datetime) -> int:
    """Return the size of the ledger after its head was signed; NotLogged, and an alert, unless it is one history.

    A run that died between writing a leaf and having it signed leaves a leaf that nobody vouches for until the next.
    """
    ledger = ledger_of(engagement)
    try:
        leaves = ledger.leaves()
        if leaves:
            ledger.prove(Appended(len(leaves) - 1, leaves[-1]))
        size = examine(ledger.shelf, ledger.key, ledger.witness_key).history.size
    except NotLogged as error:
        ledger_broken(engagement, error, now)
        raise
    ledger_verifies(engagement, now)
    return size
