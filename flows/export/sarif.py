"""SARIF 2.1.0: a rule and a result for every clause; `kind` says what became of it, and only a breach has a level."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from evidence.manifest import CONTRACT, FINDINGS
from evidence.model import Exhibit, Finding, Severity, Status
from flows.export.complete import Carried
from flows.export.links import reference
from flows.export.subject import NAMESPACE, PRODUCT, ExportSubject
from flows.export.text import prose
from flows.facts import facts_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Section 3.27.9: `open` is, word for word, insufficient information to decide.
KINDS = {
    Status.MET: "pass",
    Status.BREACHED: "fail",
    Status.UNPROVEN: "open",
    Status.NOT_EXERCISED: "notApplicable",
    Status.NOT_IN_FORCE: "notApplicable",
}
LEVELS = {Severity.CRITICAL: "error", Severity.MAJOR: "error", Severity.MINOR: "warning"}
BUNDLE = "BUNDLE"
_BRACKETS = re.compile(r"([\\\[\]])")


def write(subject: ExportSubject) -> bytes:
    """Return one run. A waiver is in the message and the properties; a suppression would hide a breach from viewers."""
    result = subject.result
    artefacts = sorted({e.artefact for f in result.findings for e in f.exhibits if e.artefact})
    stated = result.as_json()
    run = {
        "tool": {
            "driver": {
                "name": PRODUCT,
                "version": subject.version,
                "rules": [_rule(finding) for finding in result.findings],
            }
        },
        "automationDetails": {"id": subject.audit, "guid": subject.id_of("run")},
        "originalUriBaseIds": {
            BUNDLE: {"description": {"text": "The root of the bundle that these results are from."}}
        },
        "invocations": [{"executionSuccessful": True}],
        "artifacts": [
            _artefact(CONTRACT, result.contract.sha256),
            _artefact(FINDINGS, subject.findings_sha256),
            *(_raw(subject, artefact) for artefact in artefacts),
        ],
        "results": [_result(subject, number, f, artefacts) for number, f in enumerate(result.findings)],
        "columnKind": "unicodeCodePoints",
        "properties": {key: stated[key] for key in ("schema", "contract", "period", "as_of", "status")}
        | {"run": subject.run, "findingsSha256": subject.findings_sha256},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.commitment,
        "name": finding.kind,
        "shortDescription": {"text": _message(finding.promise, finding.kind)},
        "fullDescription": {"text": _message(finding.quote, finding.clause)},
        "help": {"text": _message(finding.test)},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
        "properties": {"clause": finding.clause, "severity": finding.severity.value},
    }


def _result(subject: ExportSubject, number: int, finding: Finding, artefacts: Sequence[str]) -> dict[str, Any]:
    breached = finding.status is Status.BREACHED
    contract = subject.result.contract
    stated: dict[str, Any] = {
        "ruleId": finding.commitment,
        "ruleIndex": number,
        "guid": subject.id_of("finding", finding.commitment),
        "kind": KINDS[finding.status],
        "level": LEVELS[finding.severity] if breached else "none",
        "message": {"text": _message(_said(finding))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": CONTRACT, "uriBaseId": BUNDLE, "index": 0}},
                "logicalLocations": [
                    {"name": finding.commitment, "fullyQualifiedName": f"{contract.id}/{finding.commitment}"}
                ],
            }
        ],
        "partialFingerprints": {"clause/v1": f"{contract.id}/{finding.commitment}"},
        "properties": {"finding": finding.as_json()},
    }
    if finding.exhibits:
        stated["relatedLocations"] = [_exhibit(subject, n, e, artefacts) for n, e in enumerate(finding.exhibits)]
    return stated


def _said(finding: Finding) -> str:
    waiver = finding.waived
    told = f" Waiver ({waiver.state}): accepted by {waiver.approver} until {waiver.expires_on}." if waiver else ""
    provisional = " Provisional." if finding.provisional else ""
    reasons = f" [{', '.join(finding.reasons)}]" if finding.reasons else ""
    return f"{finding.status.value.replace('_', ' ')}{reasons}: {finding.because}{provisional}{told}"


def _exhibit(subject: ExportSubject, number: int, exhibit: Exhibit, artefacts: Sequence[str]) -> dict[str, Any]:
    stated: dict[str, Any] = {"id": number, "message": {"text": _message(f"{exhibit.record} {exhibit.why}")}}
    if exhibit.artefact:
        location = _raw(subject, exhibit.artefact)["location"] | {"index": 2 + artefacts.index(exhibit.artefact)}
        stated["physicalLocation"] = {"artifactLocation": location}
    return stated


def _artefact(member: str, sha256: str) -> dict[str, Any]:
    return {"location": {"uri": member, "uriBaseId": BUNDLE}, "hashes": {"sha-256": sha256}}


def _raw(subject: ExportSubject, artefact: str) -> dict[str, Any]:
    """Return a raw artefact, which is named by digest and not in the bundle."""
    card = next((card for card in subject.cards if card.artefact == artefact), None)
    digest = artefact.removeprefix("sha256:")
    stated: dict[str, Any] = {
        "location": {"uri": reference(card.address) if card else f"{NAMESPACE}/artefact/{digest}"},
        "hashes": {"sha-256": digest},
    }
    return stated | ({"length": card.size} if card else {})


def _message(text: str, otherwise: str = "not stated") -> str:
    """Return a plain text message: braces are placeholders and brackets links, unless written so (section 3.11)."""
    return _BRACKETS.sub(r"\\\1", prose(text, otherwise)).replace("{", "{{").replace("}", "}}")


def read(data: bytes) -> Sequence[Carried]:
    """Return the findings of a file that `write` wrote."""
    results = json.loads(data)["runs"][0]["results"]
    return [Carried(facts_of(r["properties"]["finding"]), r["kind"] in {"pass", "notApplicable"}) for r in results]
