"""Findings out of counts: what a reader is shown of one commitment's judgement."""

from __future__ import annotations

from typing import Any

from checks import words
from checks.commitment import Commitment
from checks.engine import Judged
from checks.engine.session import Engine
from checks.kernel import MeasureSpec, Reach
from checks.tally import Tally
from checks.terms import decimal_units
from checks.verdict import Decision
from evidence.model import Bucket, Exhibit, Finding, Measure, Outcome, Population, Status

#: How many members of the population a finding shows; the counts are always of the whole.
MAX_EXHIBITS = 20
BARS = 12


def plain(name: str, commitment: Commitment, decision: Decision) -> Finding:
    """Return a finding without any evidence behind it yet."""
    breached = decision.status is Status.BREACHED
    return Finding(
        commitment=name,
        kind=commitment.kind,
        clause=commitment.clause,
        quote=commitment.quote,
        severity=commitment.severity,
        status=decision.status,
        reasons=decision.reasons,
        assurance=decision.assurance,
        provisional=decision.provisional,
        because=words.because(decision, words.Facts()),
        promise=commitment.promise(),
        test=commitment.test(),
        remedy={"origin": commitment.remedy.origin, "text": commitment.remedy.text} if breached else {},
    )


def population(tally: Tally, reach: Reach) -> Population:
    """Return the counts of a finding."""
    return Population(
        expected=reach.expected,
        observed=tally.rows,
        ok=tally.ok,
        violation=tally.violation,
        unknown=tally.unknown,
        open=tally.open,
        excused=tally.excused,
    )


def measure(spec: MeasureSpec | None, worst: int | None) -> Measure | None:
    """Return the measured quantity with its limit and worst value."""
    if spec is None:
        return None
    return Measure(
        name=spec.name,
        unit=spec.unit,
        limit=decimal_units(spec.limit, spec.scale),
        worst=None if worst is None else decimal_units(worst, spec.scale),
    )


def distribution(spec: MeasureSpec | None, engine: Engine) -> tuple[Bucket, ...]:
    """Return the bars around the limit."""
    if spec is None:
        return ()
    return tuple(
        Bucket(low=decimal_units(low, spec.scale), high=decimal_units(high, spec.scale), count=count)
        for low, high, count in engine.buckets(spec.limit, BARS)
    )


def exhibits(status: Status, spec: MeasureSpec | None, engine: Engine, reach: Reach) -> tuple[Exhibit, ...]:
    """Return what carries the status, worst first, and whatever states the opposite of a violation."""
    shown = {Status.BREACHED: Outcome.VIOLATION, Status.UNPROVEN: Outcome.UNKNOWN}.get(status)
    if shown is None:
        return ()
    exhibits = [
        Exhibit(
            record=f"{subject}/{record}",
            outcome=Outcome(outcome),
            measure=None if measure is None or spec is None else decimal_units(measure, spec.scale),
            artefact=artefact or "",
            why=why or "",
        )
        for subject, record, _, outcome, why, measure, artefact in engine.exhibits(shown, MAX_EXHIBITS)
    ]
    return (*exhibits, *(reach.contradicting if status is Status.BREACHED else ()))


def answer(judged: Judged) -> dict[str, Any]:
    """Return one expectation result as plain JSON values."""
    return {
        "name": judged.name,
        "outcome": str(judged.outcome),
        "expected": judged.expected,
        "observed": judged.observed,
        "unexpected": judged.unexpected_count,
        "detail": judged.detail,
    }
