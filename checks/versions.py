"""Contract versions: each part of a period is judged under the version in force at its time (rule G8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import pairwise
from typing import Any

from checks.codes import Code
from checks.contract import LoadedContract
from checks.engine.session import Engine
from checks.judge import Evidence, Judgement, judge
from evidence.errors import BadInput, Place, Problem
from evidence.model import Finding, Period, Status


@dataclass(frozen=True, slots=True)
class Version:
    """One edition of a contract; `until` is the instant at which the next one took over."""

    loaded: LoadedContract
    until: datetime | None = None


def in_order(current: LoadedContract, earlier: Sequence[LoadedContract], file: str) -> tuple[Version, ...]:
    """Return all versions, oldest first; raises `BadInput` where they are not editions of one contract in order."""
    editions = [*earlier, current]
    problems = [
        Problem(
            Code.REVERSED,
            f"version {b.contract.version} of {b.contract.id} does not follow {_name(a)}",
            Place(file),
            "list earlier editions of the same contract, oldest first, each starting later than the one before",
        )
        for a, b in pairwise(editions)
        if a.contract.id != b.contract.id
        or a.contract.version >= b.contract.version
        or a.contract.term.start >= b.contract.term.start
    ]
    if problems:
        raise BadInput(*problems)
    starts = [datetime.combine(e.contract.term.start, time(), UTC) for e in editions[1:]]
    return tuple(Version(e, until) for e, until in zip(editions, [*starts, None], strict=True))


def _name(loaded: LoadedContract) -> str:
    return f"version {loaded.contract.version} of {loaded.contract.id}"


def judge_versions(
    versions: Sequence[Version],
    period: Period,
    as_of: datetime,
    evidence: Evidence,
    engine: Callable[[], AbstractContextManager[Engine]],
    tell: Callable[[str], None] = lambda _: None,
) -> Judgement:
    """Return the findings of the current version, then of each earlier one for the part of the period it ruled.

    A finding of an earlier version is called `NAME@VERSION`; a clause that was not in force then is left out, because
    the current version already lists every clause.
    """
    current, *earlier = reversed(versions)
    whole = judge(current.loaded.contract, period, as_of, evidence, engine(), tell, current.until)
    findings, sql, results, problems = list(whole.findings), dict(whole.sql), dict(whole.expectations), whole.problems
    for version in earlier:
        contract = version.loaded.contract
        part = judge(contract, period, as_of, evidence, engine(), tell, version.until)
        suffix = f"@{contract.version}"
        ruled = [f for f in part.findings if f.status is not Status.NOT_IN_FORCE]
        findings += [_renamed(f, suffix) for f in ruled]
        sql |= _suffixed(part.sql, suffix)
        results |= _suffixed(part.expectations, suffix)
        problems += tuple(f"version {contract.version}: {p}" for p in part.problems)
    return Judgement(tuple(findings), sql, results, problems)


def _renamed(finding: Finding, suffix: str) -> Finding:
    return finding.model_copy(update={"commitment": finding.commitment + suffix})


def _suffixed(mapping: Any, suffix: str) -> dict[str, Any]:
    return {name + suffix: value for name, value in mapping.items()}
