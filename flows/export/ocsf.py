"""OCSF 1.5 Compliance Finding (class 2003): one event a line for every clause."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from evidence.canonical import canonical_bytes
from evidence.model import Finding, Severity, Status
from flows.export.complete import Carried
from flows.export.subject import PRODUCT, ExportSubject, milliseconds
from flows.export.text import prose
from flows.facts import facts_of

VERSION = "1.5.0"
CLASS, CREATE = 2003, 1
PASS, WARNING, FAIL, OTHER = 1, 2, 3, 99
#: `compliance.status_id`. Warning is, word for word, a check without a result due to missing information.
STATUSES = {
    Status.MET: (PASS, "Pass"),
    Status.UNPROVEN: (WARNING, "Warning"),
    Status.BREACHED: (FAIL, "Fail"),
    Status.NOT_EXERCISED: (OTHER, "not_exercised"),
    Status.NOT_IN_FORCE: (OTHER, "not_in_force"),
}
SEVERITIES = {Severity.CRITICAL: (5, "Critical"), Severity.MAJOR: (4, "High"), Severity.MINOR: (2, "Low")}
INFORMATIONAL = (1, "Informational")
#: What is the same in every event; how a finding is worked on afterwards, its reader decides.
CLASSIFICATION: dict[str, Any] = {
    "activity_id": CREATE,
    "activity_name": "Create",
    "category_uid": 2,
    "category_name": "Findings",
    "class_uid": CLASS,
    "class_name": "Compliance Finding",
    "type_uid": CLASS * 100 + CREATE,
    "type_name": "Compliance Finding: Create",
    "status_id": 1,
    "status": "New",
}


def write(subject: ExportSubject) -> bytes:
    """Return the events as JSON lines. What the class has no attribute for is in `unmapped`, whole."""
    return b"".join(canonical_bytes(_event(subject, finding)) + b"\n" for finding in subject.result.findings)


def _event(subject: ExportSubject, finding: Finding) -> dict[str, Any]:
    result = subject.result
    time = milliseconds(result.as_of)
    severity_id, severity = _severity(finding)
    uid = subject.id_of("finding", finding.commitment)
    event = CLASSIFICATION | {
        "time": time,
        "start_time": milliseconds(result.period.start),
        "end_time": milliseconds(result.period.end),
        "timezone_offset": 0,
        "severity_id": severity_id,
        "severity": severity,
        "message": prose(finding.because),
        "metadata": {
            "version": VERSION,
            "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": subject.version},
            "uid": uid,
            "correlation_uid": subject.run,
        },
        "finding_info": {
            "uid": uid,
            "title": f"{prose(finding.commitment)}: {prose(finding.promise, finding.kind)}",
            "desc": prose(finding.because),
            "types": [finding.kind],
            "created_time": time,
            "data_sources": sorted({card.source for card in subject.cards}),
        },
        "compliance": _compliance(subject, finding),
        "resources": [_contract(subject)],
        "unmapped": {"probity": _whole(subject, finding)},
    }
    if finding.exhibits:
        event["evidences"] = [{"name": prose(e.record), "data": e.as_json()} for e in finding.exhibits]
    if finding.remedy:
        event["remediation"] = {"desc": prose(finding.remedy.get("text", ""))}
    return event


def _severity(finding: Finding) -> tuple[int, str]:
    """Return how much it matters; what is kept, or did not apply, asks nobody to act."""
    open_ones = {Status.BREACHED, Status.UNPROVEN}
    return SEVERITIES[finding.severity] if finding.status in open_ones else INFORMATIONAL


def _compliance(subject: ExportSubject, finding: Finding) -> dict[str, Any]:
    status_id, status = STATUSES[finding.status]
    contract = subject.result.contract
    standards = [f"{contract.id} v{contract.version}"]
    check_severity_id, check_severity = SEVERITIES[finding.severity]
    stated: dict[str, Any] = {
        "control": finding.commitment,
        "desc": prose(finding.quote, prose(finding.promise)),
        "requirements": [prose(finding.clause)],
        "standards": standards,
        "status_id": status_id,
        "status": status,
        "status_code": finding.status.value,
        "status_details": [prose(finding.because), *finding.reasons],
        "checks": [
            {
                "uid": finding.kind,
                "name": prose(finding.promise, finding.kind),
                "desc": prose(finding.test),
                "severity_id": check_severity_id,
                "severity": check_severity,
                "standards": standards,
                "status_id": status_id,
                "status": status,
            }
        ],
    }
    if finding.coverage:
        stated["assessments"] = [
            {"name": prose(c.subject), "meets_criteria": c.covered, "desc": prose(c.note, "coverage by evidence")}
            for c in finding.coverage
        ]
    return stated


def _contract(subject: ExportSubject) -> dict[str, Any]:
    contract = subject.result.contract
    return {
        "type": "contract",
        "uid": contract.id,
        "name": contract.id,
        "version": str(contract.version),
        "data": {"sha256": contract.sha256},
    }


def _whole(subject: ExportSubject, finding: Finding) -> dict[str, Any]:
    stated = subject.result.as_json()
    head = {key: stated[key] for key in ("schema", "contract", "period", "as_of", "status")}
    return head | {"run": subject.run, "findings_sha256": subject.findings_sha256, "finding": finding.as_json()}


def read(data: bytes) -> Sequence[Carried]:
    """Return the findings of a file that `write` wrote."""
    events = [json.loads(line) for line in data.splitlines()]
    return [
        Carried(facts_of(e["unmapped"]["probity"]["finding"]), e["compliance"]["status_id"] in {PASS, OTHER})
        for e in events
    ]
