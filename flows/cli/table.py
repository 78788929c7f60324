"""The findings as text for a terminal: glyph, word, clause, and one sentence each."""

from __future__ import annotations

from evidence.model import AuditResult, Finding, Status, instant_text
from evidence.verification import printable

GLYPHS = {
    Status.MET: "✓",
    Status.BREACHED: "✕",
    Status.UNPROVEN: "?",
    Status.NOT_EXERCISED: "○",
    Status.NOT_IN_FORCE: "–",
}


def findings_text(result: AuditResult, bundle: str) -> str:
    """Return the result as lines of plain text; colour would say nothing that the glyph and word do not."""
    period = f"{instant_text(result.period.start)} to {instant_text(result.period.end)}"
    lines = [f"{result.contract.id} v{result.contract.version} · {period} · as of {instant_text(result.as_of)}", ""]
    width = max(len(f.commitment) for f in result.findings)
    for finding in result.findings:
        lines += _lines(finding, width)
    counts = [f"{sum(f.status is s for f in result.findings)} {_word(s)}" for s in Status]
    lines += ["", f"{GLYPHS[result.status]} {_word(result.status).upper()} · {', '.join(counts)}", f"bundle: {bundle}"]
    return "\n".join(printable(line) for line in lines)


def _lines(finding: Finding, width: int) -> list[str]:
    overlay = " (provisional)" if finding.provisional else ""
    reasons = f" [{', '.join(finding.reasons)}]" if finding.reasons else ""
    worth = f" · {finding.assurance}" if finding.assurance else ""
    head = f"{GLYPHS[finding.status]} {finding.commitment:<{width}}  {_word(finding.status)}{overlay}{reasons}{worth}"
    indent = " " * (width + 4)
    return [f"{head} · {finding.clause}", f"{indent}{finding.because}"]


def _word(status: Status) -> str:
    return status.value.replace("_", " ")
