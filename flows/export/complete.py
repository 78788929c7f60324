"""The check that all formats share: every finding, and every fact of each, is found again in what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.errors import OutputFailed
from evidence.model import AuditResult, Status
from flows.facts import Facts, facts_of

#: The statuses that a format may express as a promise kept.
KEPT = frozenset({Status.MET, Status.NOT_EXERCISED, Status.NOT_IN_FORCE})


class ExportIncomplete(OutputFailed):
    """A format cannot carry a finding as it is; nothing is written."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One finding as read back: its facts, and whether a tool of that format would take the promise for kept."""

    facts: Facts
    kept: bool


def account(form: str, result: AuditResult, carried: Sequence[Carried]) -> None:
    """Compare what an export carries with the findings; ExportIncomplete names format, clause and fact."""
    found = {c.facts.get("commitment", ""): c for c in carried}
    expected = Counter(f.commitment for f in result.findings)
    if Counter(c.facts.get("commitment", "") for c in carried) != expected or max(expected.values()) > 1:
        raise ExportIncomplete(f"{form}: the clauses are not those of the findings, each once")
    for finding in result.findings:
        there, facts = found[finding.commitment], facts_of(finding)
        lost = [fact for fact in {**facts, **there.facts} if facts.get(fact) != there.facts.get(fact)]
        if lost:
            raise ExportIncomplete(f"{form}: cannot carry {lost[0]} of {finding.commitment}")
        if there.kept is not (finding.status in KEPT):
            raise ExportIncomplete(f"{form}: {finding.commitment} is {finding.status} and would be shown otherwise")
