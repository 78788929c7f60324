"""Judge every commitment of a contract over the gathered tables; the only caller of kernels and of the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from checks import finding, words
from checks.catalogues import Catalogues, shipped
from checks.commitment import Commitment, Scope, micros
from checks.contract import Contract
from checks.engine import Answer, Suite, SuiteResult
from checks.engine.session import Engine
from checks.kernel import Kernel, Plan
from checks.silences import statement_of, unheard
from checks.tally import Tally
from checks.unchecked import UncheckedCommitment
from checks.verdict import Decision, Facts, decide
from evidence.errors import ProbityError
from evidence.model import (
    Assurance,
    ExtractionCard,
    Finding,
    Outcome,
    Period,
    Reason,
    Status,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was gathered, as far as judging cares: which families have a table, and the cards behind them.

    `failed` are families that a source should have provided and could not be asked for. `catalogues` are what a kernel
    looks things up in: the shipped lists, or in a replay the sealed ones.
    """

    families: frozenset[str]
    cards: tuple[ExtractionCard, ...]
    failed: frozenset[str] = frozenset()
    catalogues: Catalogues = field(default_factory=shipped)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings in contract order, with the SQL and the expectation results behind each.

    `problems` say which clauses the engine could not judge; they are for the operator and are never sealed.
    """

    findings: tuple[Finding, ...]
    sql: Mapping[str, str] = field(default_factory=dict)
    expectations: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def judge(
    contract: Contract,
    period: Period,
    as_of: datetime,
    evidence: Evidence,
    engine: AbstractContextManager[Engine],
    tell: Callable[[str], None] = lambda _: None,
    until: datetime | None = None,
) -> Judgement:
    """Return one finding for every commitment of the contract, none left out.

    `as_of` is the instant up to which anything is known; rows and documents later than it are not believed. `until` is
    when a later version of the contract took over, if one did (rule G8).
    """
    findings: list[Finding] = []
    sql: dict[str, str] = {}
    results: dict[str, Any] = {}
    problems: list[str] = []
    missing = unheard(evidence.cards, evidence.failed)
    with engine as session:
        for name, commitment in contract.commitments.items():
            tell(name)
            cut = _in_force(contract, commitment, period, until)
            if cut is None:
                findings.append(finding.plain(name, commitment, Decision(Status.NOT_IN_FORCE)))
                continue
            if isinstance(commitment, UncheckedCommitment):
                findings.append(finding.plain(name, commitment, Decision(Status.UNPROVEN, (Reason.NO_CHECK,))))
                continue
            kernel = commitment.kernel(_scope(contract, commitment, cut, as_of, evidence.catalogues))
            sql[name], plan = statement_of(kernel, missing)
            try:
                found, results[name] = _judge_one(
                    name, commitment, kernel, (sql[name], plan), session, evidence, cut, as_of
                )
            except ProbityError as error:
                # One clause that the engine cannot judge must not take the answers about the others with it.
                problems.append(f"{name} could not be judged: {error}")
                found = finding.plain(name, commitment, Decision(Status.UNPROVEN, (Reason.ENGINE_ERROR,)))
            findings.append(found)
    return Judgement(tuple(findings), sql, results, tuple(problems))


def _judge_one(
    name: str,
    commitment: Commitment,
    kernel: Kernel,
    statement: tuple[str, Plan],
    engine: Engine,
    evidence: Evidence,
    period: Period,
    as_of: datetime,
) -> tuple[Finding, dict[str, Any]]:
    engine.classify(*statement)
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
        assurance=_assurance(commitment, evidence.cards, reach.assurance),
        minimum=commitment.minimum_assurance,
    )
    decision = decide(facts)
    exhibits = finding.exhibits(decision.status, kernel.measure, engine, reach)
    worst = engine.worst()
    causes = [e.why for e in exhibits if e.outcome is Outcome.VIOLATION][: words.MAX_CAUSES]
    found = finding.plain(name, commitment, decision).model_copy(
        update={
            "population": finding.population(tally, reach),
            "measure": finding.measure(kernel.measure, worst),
            "distribution": finding.distribution(kernel.measure, engine),
            "coverage": reach.coverage,
            "exhibits": exhibits,
            "because": words.because(decision, words.Facts(kernel.noun, tally, reach, kernel.measure, worst, causes)),
        }
    )
    return found, {"expectations": [finding.answer(j) for j in result.judged], "engine": result.raw}


def _in_force(contract: Contract, commitment: Commitment, period: Period, until: datetime | None) -> Period | None:
    """Return the part of the period in which the clause applied, or None; terms name whole UTC days."""
    windows = _windows(contract, commitment)
    start = max([period.start, *(_midnight(first) for first, _ in windows)])
    end = min([period.end, *([until] if until else []), *(_midnight(last + timedelta(days=1)) for _, last in windows)])
    return Period.of(start, end) if start < end else None


def _windows(contract: Contract, commitment: Commitment) -> list[tuple[date, date]]:
    own = commitment.in_force
    return [(contract.term.start, contract.term.end), *([(own.start, own.end)] if own else [])]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _scope(
    contract: Contract, commitment: Commitment, period: Period, as_of: datetime, catalogues: Catalogues
) -> Scope:
    customer = tuple(c for c in (contract.customer.name, contract.customer.lei, contract.id) if c)
    return Scope(
        period=period,
        as_of=micros(as_of),
        since=micros(max(_midnight(first) for first, _ in _windows(contract, commitment))),
        vendor=contract.vendor.name,
        customer=customer,
        services=tuple(contract.services),
        consent_offices=tuple(contract.consent_offices),
        excluded_meters=(contract.vendor.name,),
        catalogues=catalogues,
    )


def _gaps(commitment: Commitment, evidence: Evidence, engine: Engine) -> set[Reason]:
    gaps: set[Reason] = set()
    for need in commitment.needs:
        cards = [c for c in evidence.cards if need.family in c.families]
        if need.family in evidence.failed or any(not c.complete for c in cards):
            gaps.add(Reason.SOURCE_ERROR)
        if any(need.family in c.blind for c in evidence.cards):
            gaps.add(Reason.BLIND)
        if any(c.unreadable for c in cards):
            gaps.add(Reason.UNREADABLE_ROWS)
        if not need.required:
            continue
        if need.family not in evidence.families:
            gaps |= set() if gaps & {Reason.SOURCE_ERROR, Reason.UNREADABLE_ROWS} else {Reason.NO_EVIDENCE}
        elif not engine.query(f"SELECT count(*) FROM {need.family}")[0][0]:
            gaps.add(Reason.EMPTY_POPULATION)
    return gaps


def _assurance(commitment: Commitment, cards: Sequence[ExtractionCard], reached: Assurance | None) -> Assurance:
    """Return the weakest link: what the kernel says it is, but `claimed` where anything is no more than that.

    That a total confirms how many records there are makes nobody's mere word for them true.
    """
    families = {need.family for need in commitment.needs}
    found = [c.assurance for c in cards if families & set(c.families) and c.rows]
    weakest = min(found, key=lambda a: a.rank, default=reached or Assurance.CLAIMED)
    return weakest if weakest is Assurance.CLAIMED else reached or weakest


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
