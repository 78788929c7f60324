"""The one sentence that says why a promise has its status; numbers and causes, no adjectives."""

from __future__ import annotations

from checks.kernel import MeasureSpec, Reach
from checks.tally import Tally
from checks.terms import decimal_units
from checks.verdict import Decision
from evidence.model import Reason, Status

REASONS = {
    Reason.NO_EVIDENCE: "needed evidence was not supplied",
    Reason.STALE: "the newest evidence ends before the period does",
    Reason.INCOMPLETE_COVERAGE: "the evidence does not reach every system and the whole period",
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


def because(decision: Decision, tally: Tally, reach: Reach, measure: MeasureSpec | None, worst: int | None) -> str:
    """Return one sentence for a finding."""
    size = ""
    if measure is not None and worst is not None:
        shown, limit = decimal_units(worst, measure.scale), decimal_units(measure.limit, measure.scale)
        size = f"; worst {measure.name} {shown} {measure.unit} against a limit of {limit} {measure.unit}"
    match decision.status:
        case Status.MET:
            rest = f", {tally.excused:,} excused" if tally.excused else ""
            rest += f", {tally.open:,} not yet due" if tally.open else ""
            return f"{tally.ok:,} of {tally.rows:,} judged items keep the promise{rest}{size}.{_later(decision, reach)}"
        case Status.BREACHED:
            return f"{tally.violation:,} of {tally.rows:,} judged items break the promise{size}."
        case Status.UNPROVEN:
            causes = "; ".join(REASONS[r] for r in decision.reasons)
            notes = "; ".join(f"{c.subject}: {c.note}" for c in reach.coverage if c.note and not c.covered)
            unknown = f" {tally.unknown:,} of {tally.rows:,} items are unknown." if tally.unknown else ""
            return f"{causes[:1].upper()}{causes[1:]}{f' ({notes})' if notes else ''}.{unknown}"
        case Status.NOT_EXERCISED:
            return "The event that triggers this promise did not occur, and the evidence says so."
        case Status.NOT_IN_FORCE:
            return "The clause did not apply in this period."


def _later(decision: Decision, reach: Reach) -> str:
    if not decision.provisional:
        return ""
    notes = "; ".join(f"{c.subject}: {c.note}" for c in reach.coverage if c.note)
    return f" Provisional{f' ({notes})' if notes else ''}: judged again when the next evidence arrives."
