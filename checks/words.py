"""The one sentence that says why a promise has its status; numbers and causes, no adjectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from checks.kernel import MeasureSpec, Reach
from checks.tally import Tally
from checks.terms import SECOND, decimal_units
from checks.verdict import Decision
from evidence.model import Reason, Status

REASONS = {
    Reason.NO_EVIDENCE: "needed evidence was not supplied",
    Reason.STALE: "the newest evidence ends before the period does",
    Reason.INCOMPLETE_COVERAGE: "the evidence does not reach everything in scope for the whole period",
    Reason.EMPTY_POPULATION: "there was nothing to judge",
    Reason.UNREADABLE_ROWS: "some evidence could not be read or placed",
    Reason.UNTRUSTED_EVIDENCE: "the evidence is not trustworthy enough to count",
    Reason.BLIND: "logging was off",
    Reason.NOT_YET_DUE: "the promise was not yet due",
    Reason.CONTRADICTED: "pieces of evidence contradict each other",
    Reason.SOURCE_ERROR: "a source could not be read to its end",
    Reason.ENGINE_ERROR: "the checking engine failed",
    Reason.NO_CHECK: "nothing checks this kind of clause yet",
}
MAX_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence may mention: counts in `noun`s, the worst measure, and the causes shown on exhibits."""

    noun: str = "items"
    tally: Tally = field(default_factory=Tally)
    reach: Reach = field(default_factory=Reach)
    measure: MeasureSpec | None = None
    worst: int | None = None
    causes: Sequence[str] = ()


def because(decision: Decision, facts: Facts) -> str:
    """Return one sentence for a finding."""
    tally = facts.tally
    match decision.status:
        case Status.MET:
            rest = f", {tally.excused:,} carry no weight or are excused" if tally.excused else ""
            rest += f", {tally.open:,} not yet due" if tally.open else ""
            return f"{tally.ok:,} of {tally.rows:,} {facts.noun} keep the promise{rest}{_size(facts)}.{_later(facts)}"
        case Status.BREACHED:
            causes = ", ".join(dict.fromkeys(c for c in facts.causes if c))
            beyond = facts.measure is not None and facts.worst is not None and facts.worst > facts.measure.limit
            shown = f": {causes}" if causes and not beyond else ""
            return f"{tally.violation:,} of {tally.rows:,} {facts.noun} break the promise{shown}{_size(facts)}."
        case Status.UNPROVEN:
            causes = "; ".join(REASONS[r] for r in decision.reasons)
            notes = _notes(facts.reach, only_gaps=True)
            unknown = f" {tally.unknown:,} of {tally.rows:,} {facts.noun} are unknown." if tally.unknown else ""
            return f"{causes[:1].upper()}{causes[1:]}{notes}.{unknown}"
        case Status.NOT_EXERCISED:
            return "The event that triggers this promise did not occur, and the evidence says so."
        case Status.NOT_IN_FORCE:
            return "The clause did not apply in this period."


def _size(facts: Facts) -> str:
    if facts.measure is None or facts.worst is None:
        return ""
    worst, limit = _shown(facts.worst, facts.measure), _shown(facts.measure.limit, facts.measure)
    return f"; the worst {facts.measure.name} was {worst} against a limit of {limit}"


def _shown(steps: int, measure: MeasureSpec) -> str:
    """Return a measure for a person: seconds as h:mm:ss, anything else as a number with its unit."""
    if measure.unit != "s" or steps < 0:
        return f"{decimal_units(steps, measure.scale)} {measure.unit}"
    seconds, rest = divmod(steps, measure.scale)
    fraction = f".{rest * SECOND // measure.scale:06d}".rstrip("0") if rest else ""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def _later(facts: Facts) -> str:
    if not facts.reach.provisional:
        return ""
    return f" Provisional{_notes(facts.reach, only_gaps=False)}: judged again when the next evidence arrives."


def _notes(reach: Reach, *, only_gaps: bool) -> str:
    notes = [
        f"{c.subject.replace('_', ' ')}: {c.note}" for c in reach.coverage if c.note and not (only_gaps and c.covered)
    ]
    more = f"; and {len(notes) - MAX_CAUSES} more" if len(notes) > MAX_CAUSES else ""
    return f" ({'; '.join(notes[:MAX_CAUSES])}{more})" if notes else ""
