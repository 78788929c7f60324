"""Results of every status, and one finding in which every text is as hostile as text can be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from checks.contract import Contract
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.model import (
    Assurance,
    AuditResult,
    Bucket,
    ContractRef,
    Coverage,
    Exhibit,
    ExtractionCard,
    Finding,
    Measure,
    Outcome,
    Period,
    Population,
    Reason,
    Severity,
    Status,
    Waiver,
    WaiverState,
)
from flows.export.subject import ExportSubject
from tests.commitments.test_cases import HERE as CASES
from tests.world import contract_of, load_cases

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "'already guarded",
    "\tleading tab",
    "nul \x00 bell \x07 escape \x1b[31m",
    "line\r\nbreak\u2028and\u2029more",
    "]]><script>alert(1)</script><!-- &amp; --",
    "\u202eright to left\u202c\u200b\ufeff",
    "\ufffe\uffff not characters",
    "back\\slash and \\u0041, \\\\, trailing \\",
    " blanks around \u00a0",
    "Zoë 株式会社 🙂 ｱ ＝1+1",
    '"quotes", commas; and [links](x) {0} {{ insert }} *stars*',
)
AS_OF = datetime(2025, 7, 2, 12, 0, 0, 250_000, tzinfo=UTC)
RAW = "sha256:" + "a" * 64


def finding(status: Status, number: int = 0, **changes: Any) -> Finding:
    """Return a finding with something in every field."""
    reasons = (Reason.STALE, Reason.NO_EVIDENCE) if status is Status.UNPROVEN else ()
    fields: dict[str, Any] = {
        "commitment": f"C-{number}-{status.value}",
        "kind": "data-retention-limit",
        "clause": "DPA §4.2 p.7",
        "quote": "shall delete",
        "severity": Severity.CRITICAL,
        "status": status,
        "reasons": reasons,
        "assurance": Assurance.CORROBORATED,
        "provisional": True,
        "because": "because",
        "promise": "deleted within 24h",
        "test": "Recomputed the age",
        "population": Population(expected=5, observed=5, ok=1, violation=1, unknown=1, open=1, excused=1),
        "measure": Measure(name="age", unit="s", limit="86400", worst="-86401.5"),
        "distribution": (Bucket(low="0", high="7200", count=3), Bucket(low="7200", high="86400", count=2)),
        "coverage": (
            Coverage(subject="app", covered=True, expected=1, observed=1),
            Coverage(subject="x", covered=False),
        ),
        "exhibits": (
            Exhibit(record="app/1", outcome=Outcome.VIOLATION, measure="86401", artefact=RAW, why="late"),
            Exhibit(record="app/2", outcome=Outcome.UNKNOWN, measure=None, artefact=""),
        ),
        "remedy": {"origin": "DEFAULT", "text": "delete it"},
        "waived": Waiver(
            author="A",
            approver="B",
            reason="accepted",
            granted_on=date(2025, 7, 1),
            expires_on=date(2026, 7, 1),
            state=WaiverState.ACTIVE,
            frozen={"status": "breached", "violation": "1", "unknown": "0", "worst": "86401"},
        ),
    }
    return Finding.model_validate(fields | changes)


def hostile(text: str, number: int = 0) -> Finding:
    """Return a finding in which every free text is the given one."""
    exhibit = Exhibit(record=text, outcome=Outcome.VIOLATION, measure="1", artefact=RAW, why=text)
    waiver = finding(Status.BREACHED).waived
    assert waiver is not None
    return finding(
        Status.BREACHED,
        number,
        commitment=f"H-{number}",
        clause=text,
        quote=text,
        because=text,
        promise=text,
        test=text,
        coverage=(Coverage(subject=text, covered=False, note=text),),
        exhibits=(exhibit,),
        remedy={"origin": "CONTRACT", "text": text},
        waived=waiver.model_copy(update={"reason": text, "author": text}),
    )


def bare(status: Status, number: int = 0) -> Finding:
    """Return a finding with nothing but what it must have."""
    return Finding(commitment=f"B-{number}", kind="audit-right", clause="MSA", status=status, because="b")


def card() -> ExtractionCard:
    """Return the card of the raw artefact that exhibits show, at an address with awkward characters."""
    return ExtractionCard(
        artefact=RAW,
        size=10,
        media_type="application/json",
        source="files",
        address="évidence/a b:c?d#e.json",
        families=("data_lifecycle",),
        received=1,
        rows=1,
        started=AS_OF,
        finished=AS_OF,
        collector="probity 0",
        identity="t",
        assurance=Assurance.ATTESTED,
    )


def contract() -> Contract:
    """Return a contract that lists a signed paper."""
    terms = load_cases(CASES / "data-retention-limit" / "cases.yaml")["terms"]
    made = contract_of("data-retention-limit", terms)
    paper = {"title": "Data Processing <Addendum>", "file": "docs/dpa v3.pdf", "sha256": "d" * 64}
    return type(made).model_validate(made.model_dump(by_alias=True) | {"documents": {"DPA": paper}})


def result(*findings: Finding, status: Status = Status.BREACHED) -> AuditResult:
    """Return an audit with these findings; without any, one of every status and of every hostile text."""
    every = tuple(finding(s, n) for n, s in enumerate(Status)) + tuple(hostile(t, n) for n, t in enumerate(HOSTILE))
    return AuditResult(
        contract=ContractRef(id="msa-2025-114", version=3, sha256="c" * 64),
        period=Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)),
        as_of=AS_OF,
        status=status,
        findings=findings or every,
    )


def subject(*findings: Finding, **changes: Any) -> ExportSubject:
    """Return what is exported of such an audit."""
    made = result(*findings)
    fields: dict[str, Any] = {
        "result": made,
        "findings_sha256": sha256_hex(canonical_bytes(made.as_json())),
        "cards": (card(),),
        "cards_sha256": "e" * 64,
        "run": "20250702T120000Z-abc123",
        "tool": "probity-0.1.0",
        "contract": contract(),
    }
    return ExportSubject(**(fields | changes))
