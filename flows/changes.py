"""What changed from one audit of a contract to the next, and whether any of it got worse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from pydantic import Field

from checks.waivers import freeze, worse
from evidence.errors import BadInput, Place, Problem
from evidence.model import AuditResult, Closed, ContractRef, Finding, Period, Status, WaiverState
from flows.facts import facts_of
from flows.holdings import Holding, holdings
from flows.sealed import SealedAudit

Direction: TypeAlias = Literal["worse", "better", "changed", "same"]
#: How bad a status is; what was kept, not called for or not in force asks nothing of anybody.
RANKS = {Status.BREACHED: 2, Status.UNPROVEN: 1, Status.MET: 0, Status.NOT_EXERCISED: 0, Status.NOT_IN_FORCE: 0}


class FactChange(Closed):
    """One fact of a finding before and after; None where it was not stated."""

    fact: str
    old: str | None
    new: str | None


class ClauseChange(Closed):
    """One clause before and after; `why` says what got worse, or that the clause is new or gone."""

    commitment: str
    direction: Direction
    old: Status | None
    new: Status | None
    why: tuple[str, ...] = ()
    facts: tuple[FactChange, ...] = ()


class EvidenceChange(Closed):
    """The evidence of one family before and after; None where there was none."""

    family: str
    old: Holding | None
    new: Holding | None


class Audit(Closed):
    """Which audit one side is."""

    run: str
    contract: ContractRef
    period: Period
    status: Status


class Changes(Closed):
    """The difference between two audits, `probity.diff/v1`; `worse` when any clause got worse."""

    schema_: Literal["probity.diff/v1"] = Field(default="probity.diff/v1", alias="schema")
    worse: bool
    old: Audit
    new: Audit
    clauses: tuple[ClauseChange, ...]
    evidence: tuple[EvidenceChange, ...]


def changes(old: SealedAudit, new: SealedAudit) -> Changes:
    """Return what changed; BadInput for audits of two contracts, or given in the wrong order."""
    before, after = old.result, new.result
    if before.contract.id != after.contract.id:
        raise _bad(f"{before.contract.id} and {after.contract.id} are two contracts", "compare audits of one contract")
    if (before.period.end, before.as_of) > (after.period.end, after.as_of):
        raise _bad("OLD is of a later time than NEW", "give the earlier bundle first")
    clauses = tuple(clause_changes(before, after))
    return Changes(
        worse=any(clause.direction == "worse" for clause in clauses),
        old=_audit(old),
        new=_audit(new),
        clauses=clauses,
        evidence=tuple(_evidence(old, new)),
    )


def _bad(what: str, hint: str) -> BadInput:
    return BadInput(Problem("V005", what, Place("diff"), hint))


def _audit(audit: SealedAudit) -> Audit:
    result = audit.result
    return Audit(run=audit.content.facts.run, contract=result.contract, period=result.period, status=result.status)


def _evidence(old: SealedAudit, new: SealedAudit) -> Iterator[EvidenceChange]:
    before, after = ({h.family: h for h in holdings(audit.cards)} for audit in (old, new))
    for family in sorted({**before, **after}):
        if before.get(family) != after.get(family):
            yield EvidenceChange(family=family, old=before.get(family), new=after.get(family))


def clause_changes(before: AuditResult, after: AuditResult) -> Iterator[ClauseChange]:
    """Yield every clause of either audit, those of the earlier one first."""
    old, new = ({f.commitment: f for f in result.findings} for result in (before, after))
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if was is not None and now is not None:
            yield _compared(was, now)
        elif now is not None:
            yield _added(now)
        elif was is not None:
            yield _removed(was)


def _added(finding: Finding) -> ClauseChange:
    direction: Direction = "worse" if RANKS[finding.status] else "changed"
    return ClauseChange(
        commitment=finding.commitment,
        direction=direction,
        old=None,
        new=finding.status,
        why=(f"new, and {finding.status}",),
    )


def _removed(finding: Finding) -> ClauseChange:
    """A clause that nobody judges any more is worse; one of an earlier edition, `NAME@2`, has had its time."""
    direction: Direction = "changed" if "@" in finding.commitment else "worse"
    return ClauseChange(
        commitment=finding.commitment, direction=direction, old=finding.status, new=None, why=("no longer judged",)
    )


def _compared(was: Finding, now: Finding) -> ClauseChange:
    old, new = facts_of(was), facts_of(now)
    differing = tuple(
        FactChange(fact=fact, old=old.get(fact), new=new.get(fact))
        for fact in {**old, **new}
        if old.get(fact) != new.get(fact)
    )
    why = tuple(_worsened(was, now))
    direction: Direction = "changed" if differing else "same"
    if why:
        direction = "worse"
    elif any(_worsened(now, was)):
        direction = "better"
    return ClauseChange(
        commitment=now.commitment, direction=direction, old=was.status, new=now.status, why=why, facts=differing
    )


def _worsened(was: Finding, now: Finding) -> Iterator[str]:
    """Yield what is worse in `now`: status; counts and worst measure while not kept; assurance while kept; waivers.

    A worst measure within its limit moves from audit to audit and is no worsening.
    """
    if RANKS[now.status] > RANKS[was.status]:
        yield f"{was.status} became {now.status}"
    elif RANKS[now.status] < RANKS[was.status]:
        return
    elif RANKS[now.status]:
        if worse(now, freeze(was)):
            yield "more violations, more unknown records or a worse measure"
        if _waived(was) and not _waived(now):
            yield "no longer covered by a waiver"
    elif was.assurance and now.assurance and now.assurance.rank < was.assurance.rank:
        yield f"rests on {now.assurance}, before on {was.assurance}"


def _waived(finding: Finding) -> bool:
    return finding.waived is not None and finding.waived.state is WaiverState.ACTIVE
