"""Judge every commitment of a contract over the gathered tables; the only caller of kernels and of the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from checks import words
from checks.commitment import Commitment, Scope, micros
from checks.contract import Contract
from checks.engine import Answer, Suite, SuiteResult
from checks.kernel import Kernel, MeasureSpec, Reach
from checks.tally import Tally
from checks.terms import decimal_units
from checks.unchecked import UncheckedCommitment
from checks.verdict import Decision, Facts, decide
from evidence.model import (
    Assurance,
    Bucket,
    Exhibit,
    ExtractionCard,
    Finding,
    Measure,
    Outcome,
    Period,
    Population,
    Reason,
    Status,
)

#: How many members of the population a finding shows; the counts are always of the whole.
MAX_EXHIBITS = 20
BARS = 12


class Engine(Protocol):
    """A session over the gathered tables that classifies one population after another."""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of one bounded query."""

    def classify(self, sql: str) -> None:
        """Replace the table `classified`."""

    def tally(self) -> Tally:
        """Return the counts by outcome."""

    def worst(self) -> int | None:
        """Return the largest measure of ok and violating rows."""

    def buckets(self, limit: int, bars: int) -> list[tuple[int, int, int]]:
        """Return the distribution of the measure around its limit."""

    def exhibits(self, outcome: str, most: int) -> list[tuple[Any, ...]]:
        """Return rows of one outcome, worst first."""

    def expectations(self, suite: Suite) -> SuiteResult:
        """Return what the expectation engine says of the table `classified`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was gathered, as far as judging cares: which families have a table, and the cards behind them.

    `failed` are families that a source should have provided and could not be asked for.
    """

    families: frozenset[str]
    cards: tuple[ExtractionCard, ...]
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings in contract order, with the SQL and the expectation results behind each."""

    findings: tuple[Finding, ...]
    sql: Mapping[str, str] = field(default_factory=dict)
    expectations: Mapping[str, Any] = field(default_factory=dict)


def judge(
    contract: Contract,
    period: Period,
    as_of: datetime,
    evidence: Evidence,
    engine: AbstractContextManager[Engine],
    tell: Callable[[str], None] = lambda _: None,
) -> Judgement:
    """Return one finding for every commitment of the contract, none left out.

    `as_of` is the instant up to which anything is known; rows and documents later than it are not believed.
    """
    findings: list[Finding] = []
    sql: dict[str, str] = {}
    results: dict[str, Any] = {}
    with engine as session:
        for name, commitment in contract.commitments.items():
            tell(name)
            cut = _in_force(contract, commitment, period)
            if cut is None:
                findings.append(_plain(name, commitment, Decision(Status.NOT_IN_FORCE)))
                continue
            if isinstance(commitment, UncheckedCommitment):
                findings.append(_plain(name, commitment, Decision(Status.UNPROVEN, (Reason.NO_CHECK,))))
                continue
            kernel = commitment.kernel(_scope(contract, cut, as_of))
            sql[name] = kernel.classify()
            finding, results[name] = _judge_one(name, commitment, kernel, sql[name], session, evidence, cut, as_of)
            findings.append(finding)
    return Judgement(tuple(findings), sql, results)


def _judge_one(
    name: str,
    commitment: Commitment,
    kernel: Kernel,
    statement: str,
    engine: Engine,
    evidence: Evidence,
    period: Period,
    as_of: datetime,
) -> tuple[Finding, dict[str, Any]]:
    engine.classify(statement)
    tally, reach = engine.tally(), kernel.reach(engine.query)
    comparable = reach.expected is not None and reach.observed == tally.rows
    suite = Suite(expected_rows=reach.expected if comparable else None)
    result = engine.expectations(suite)
    gaps = _gaps(commitment, evidence, engine)
    if as_of < period.end:
        gaps.add(Reason.NOT_YET_DUE)
    facts = Facts(
        tally=tally,
        reach=reach,
        gaps=frozenset(gaps),
        judged=_agrees(result, tally),
        assurance=reach.assurance or _assurance(commitment, evidence.cards),
        minimum=commitment.minimum_assurance,
    )
    decision = decide(facts)
    exhibits = _exhibits(decision.status, kernel.measure, engine, reach)
    worst = engine.worst()
    causes = [e.why for e in exhibits if e.outcome is Outcome.VIOLATION][: words.MAX_CAUSES]
    finding = _plain(name, commitment, decision).model_copy(
        update={
            "population": _population(tally, reach),
            "measure": _measure(kernel.measure, worst),
            "distribution": _distribution(kernel.measure, engine),
            "coverage": reach.coverage,
            "exhibits": exhibits,
            "because": words.because(decision, words.Facts(kernel.noun, tally, reach, kernel.measure, worst, causes)),
        }
    )
    return finding, {"expectations": [_answer(j) for j in result.judged], "engine": result.raw}


def _plain(name: str, commitment: Commitment, decision: Decision) -> Finding:
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


def _in_force(contract: Contract, commitment: Commitment, period: Period) -> Period | None:
    """Return the part of the period in which the clause applied, or None; terms name whole UTC days."""
    windows = [(contract.term.start, contract.term.end)]
    if commitment.in_force is not None:
        windows.append((commitment.in_force.start, commitment.in_force.end))
    start = max([period.start, *(_midnight(first) for first, _ in windows)])
    end = min([period.end, *(_midnight(last + timedelta(days=1)) for _, last in windows)])
    return Period.of(start, end) if start < end else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _scope(contract: Contract, period: Period, as_of: datetime) -> Scope:
    customer = tuple(c for c in (contract.customer.name, contract.customer.lei, contract.id) if c)
    return Scope(
        period=period,
        as_of=micros(as_of),
        vendor=contract.vendor.name,
        customer=customer,
        services=tuple(contract.services),
        consent_offices=tuple(contract.consent_offices),
        excluded_meters=(contract.vendor.name,),
    )


def _gaps(commitment: Commitment, evidence: Evidence, engine: Engine) -> set[Reason]:
    gaps: set[Reason] = set()
    for need in commitment.needs:
        cards = [c for c in evidence.cards if need.family in c.families]
        if need.family in evidence.failed or any(not c.complete for c in cards):
            gaps.add(Reason.SOURCE_ERROR)
        if any(c.unreadable for c in cards):
            gaps.add(Reason.UNREADABLE_ROWS)
        if not need.required:
            continue
        if need.family not in evidence.families:
            gaps |= set() if gaps & {Reason.SOURCE_ERROR, Reason.UNREADABLE_ROWS} else {Reason.NO_EVIDENCE}
        elif not engine.query(f"SELECT count(*) FROM {need.family}")[0][0]:
            gaps.add(Reason.EMPTY_POPULATION)
    return gaps


def _assurance(commitment: Commitment, cards: Sequence[ExtractionCard]) -> Assurance:
    families = {need.family for need in commitment.needs}
    found = [c.assurance for c in cards if families & set(c.families) and c.rows]
    return min(found, key=lambda a: a.rank, default=Assurance.CLAIMED)


def _agrees(result: SuiteResult, tally: Tally) -> bool:
    """The engine must have evaluated everything, and count the same violations and unknowns as the tally."""
    counts = {"no_violation": tally.violation, "no_unknown": tally.unknown}
    for judged in result.judged:
        if judged.outcome is Answer.ERROR:
            return False
        if judged.name in counts:
            if (judged.unexpected_count or 0) != counts[judged.name]:
                return False
        elif judged.name == "minimum_rows":
            if (judged.outcome is Answer.PASSED) != (tally.rows > 0):
                return False
        elif judged.outcome is Answer.FAILED and judged.name != "control_total":
            return False
    return bool(result.judged)


def _population(tally: Tally, reach: Reach) -> Population:
    return Population(
        expected=reach.expected,
        observed=tally.rows,
        ok=tally.ok,
        violation=tally.violation,
        unknown=tally.unknown,
        open=tally.open,
        excused=tally.excused,
    )


def _measure(spec: MeasureSpec | None, worst: int | None) -> Measure | None:
    if spec is None:
        return None
    return Measure(
        name=spec.name,
        unit=spec.unit,
        limit=decimal_units(spec.limit, spec.scale),
        worst=None if worst is None else decimal_units(worst, spec.scale),
    )


def _distribution(spec: MeasureSpec | None, engine: Engine) -> tuple[Bucket, ...]:
    if spec is None:
        return ()
    return tuple(
        Bucket(low=decimal_units(low, spec.scale), high=decimal_units(high, spec.scale), count=count)
        for low, high, count in engine.buckets(spec.limit, BARS)
    )


def _exhibits(status: Status, spec: MeasureSpec | None, engine: Engine, reach: Reach) -> tuple[Exhibit, ...]:
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


def _answer(judged: Any) -> dict[str, Any]:
    return {
        "name": judged.name,
        "outcome": str(judged.outcome),
        "expected": judged.expected,
        "observed": judged.observed,
        "unexpected": judged.unexpected_count,
        "detail": judged.detail,
    }
