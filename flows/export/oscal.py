"""OSCAL 1.2 assessment results: a finding and an observation for every clause, evidence linked by digest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evidence.model import Finding, Status, instant_text
from flows.export import oscal_resources as resources
from flows.export.complete import KEPT, Carried
from flows.export.oscal_references import check_references
from flows.export.oscal_words import control_ids, objective, properties, stated, target_status
from flows.export.subject import PRODUCT, ExportSubject
from flows.export.text import markup, prose
from flows.facts import Facts, facts_of

VERSION = "1.2.1"
#: Facts about what was looked at belong to the observation, all others to the finding.
OBSERVED = re.compile(r"(population|measure|distribution|coverage|exhibits|test)(\.|$)")
EXHIBIT = re.compile(r"exhibits\.([0-9]+)\.")


def write(subject: ExportSubject) -> bytes:
    """Return one document with one result; every reference in it resolves inside it, which no schema checks."""
    document = {
        "uuid": subject.id_of("assessment-results"),
        "metadata": _metadata(subject),
        "import-ap": {"href": f"#{resources.contract_id(subject)}", "remarks": "The plan is the contract as code."},
        "local-definitions": {"objectives-and-methods": [_objective(n, f) for n, f in _named(subject)]},
        "results": [_result(subject)],
        "back-matter": {"resources": resources.resources(subject)},
    }
    check_references(document)
    return json.dumps({"assessment-results": document}, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def _named(subject: ExportSubject) -> Iterable[tuple[str, Finding]]:
    return zip(control_ids(subject.result.findings), subject.result.findings, strict=True)


def _metadata(subject: ExportSubject) -> dict[str, Any]:
    result, contract = subject.result, subject.contract
    metadata: dict[str, Any] = {
        "title": markup(f"Contract audit of {result.contract.id} v{result.contract.version}"),
        "last-modified": instant_text(result.as_of),
        "version": subject.run,
        "oscal-version": VERSION,
        "document-ids": [{"identifier": subject.audit}],
        "props": properties({"findings-sha256": subject.findings_sha256, "status": result.status.value}),
    }
    if contract is not None:
        parties = {"customer": contract.customer.name, "vendor": contract.vendor.name}
        metadata["roles"] = [{"id": role, "title": role.capitalize()} for role in parties]
        metadata["parties"] = [
            {"uuid": subject.id_of("party", role), "type": "organization", "name": prose(name)}
            for role, name in parties.items()
        ]
        metadata["responsible-parties"] = [
            {"role-id": role, "party-uuids": [subject.id_of("party", role)]} for role in parties
        ]
    return metadata


def _objective(control: str, finding: Finding) -> dict[str, Any]:
    return {
        "control-id": control,
        "description": markup(finding.quote, markup(finding.clause)),
        "parts": [
            {
                "id": objective(control),
                "name": "assessment-objective",
                "title": markup(finding.clause),
                "prose": markup(finding.promise, markup(finding.clause)),
            }
        ],
    }


def _result(subject: ExportSubject) -> dict[str, Any]:
    result = subject.result
    observations, findings = [], []
    for control, finding in _named(subject):
        observations.append(_observation(subject, finding))
        findings.append(_finding(subject, control, finding))
    return {
        "uuid": subject.id_of("result"),
        "title": markup(f"{result.contract.id}: {result.status.value}"),
        "description": "One finding for every clause of the contract, judged over the whole population.",
        "start": instant_text(result.period.start),
        "end": instant_text(result.period.end),
        "links": [_link(resources.findings_id(subject), "The sealed findings")],
        "local-definitions": {"assessment-assets": _assets(subject)},
        "reviewed-controls": {
            "control-selections": [
                {"include-controls": [{"control-id": control} for control, _ in _named(subject)]},
            ],
            "control-objective-selections": [
                {"include-objectives": [{"objective-id": objective(control)} for control, _ in _named(subject)]},
            ],
        },
        "observations": observations,
        "findings": findings,
    }


def _assets(subject: ExportSubject) -> dict[str, Any]:
    tool = subject.id_of("tool")
    return {
        "components": [
            {
                "uuid": tool,
                "type": "software",
                "title": PRODUCT,
                "description": "Judges the clauses of a contract over gathered evidence.",
                "props": [{"name": "version", "value": subject.version}],
                "status": {"state": "operational"},
            }
        ],
        "assessment-platforms": [
            {"uuid": subject.id_of("platform"), "title": PRODUCT, "uses-components": [{"component-uuid": tool}]}
        ],
    }


def _observation(subject: ExportSubject, finding: Finding) -> dict[str, Any]:
    facts = {path: text for path, text in facts_of(finding).items() if OBSERVED.match(path)}
    about = {path: text for path, text in facts.items() if not EXHIBIT.match(path)}
    evidence: list[dict[str, Any]] = []
    if subject.cards_sha256:
        cards = f"#{resources.cards_id(subject)}"
        evidence.append({"href": cards, "description": "Extraction cards of every artefact behind the population."})
    for number, exhibit in enumerate(finding.exhibits):
        own = {path: text for path, text in facts.items() if path.startswith(f"exhibits.{number}.")}
        link = {"href": f"#{resources.artefact_id(subject, exhibit.artefact)}"} if exhibit.artefact else {}
        said = markup(f"{exhibit.record} {exhibit.why}")
        evidence.append(link | {"description": said, "props": properties(own)})
    observation = {
        "uuid": subject.id_of("observation", finding.commitment),
        "title": markup(finding.commitment),
        "description": markup(finding.test, markup(finding.because)),
        "props": properties(about),
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": subject.id_of("tool")}]}],
        "subjects": [{"subject-uuid": resources.contract_id(subject), "type": "resource"}],
        "collected": instant_text(subject.result.as_of),
    }
    return observation | ({"relevant-evidence": evidence} if evidence else {})


def _finding(subject: ExportSubject, control: str, finding: Finding) -> dict[str, Any]:
    facts = {path: text for path, text in facts_of(finding).items() if not OBSERVED.match(path)}
    written = {
        "uuid": subject.id_of("finding", finding.commitment),
        "title": markup(f"{finding.commitment}: {finding.status.value.replace('_', ' ')}"),
        "description": markup(finding.because),
        "props": properties(facts),
        "target": {
            "type": "objective-id",
            "target-id": objective(control),
            "title": markup(finding.promise, markup(finding.clause)),
            "status": target_status(finding),
        },
        "related-observations": [{"observation-uuid": subject.id_of("observation", finding.commitment)}],
    }
    paper = resources.quoted_document(subject, finding)
    return written | ({"links": [_link(paper, markup(finding.clause))]} if paper else {})


def _link(resource: str, text: str) -> dict[str, str]:
    return {"href": f"#{resource}", "rel": "reference", "text": text}


def read(data: bytes) -> Sequence[Carried]:
    """Return the findings of a document that `write` wrote."""
    (result,) = json.loads(data)["assessment-results"]["results"]
    observations = {o["uuid"]: o for o in result["observations"]}
    return [_carried(finding, observations) for finding in result["findings"]]


def _carried(finding: Mapping[str, Any], observations: Mapping[str, Mapping[str, Any]]) -> Carried:
    facts: Facts = stated(finding["props"])
    for related in finding["related-observations"]:
        observation = observations[related["observation-uuid"]]
        facts |= stated(observation["props"])
        for evidence in observation.get("relevant-evidence", ()):
            facts |= stated(evidence.get("props", ()))
    status = finding["target"]["status"]
    said = Status(facts["status"])
    # Reason `pass` is for what was examined and held; a promise that nothing called for is satisfied without it.
    consistent = (status["reason"] == "pass") is (said is Status.MET)
    return Carried(facts, kept=(status["state"] == "satisfied") if consistent else said not in KEPT)
