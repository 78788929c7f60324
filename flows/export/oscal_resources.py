"""Back matter: the members of the bundle and the raw artefacts that results rest on, each with its SHA-256."""

from __future__ import annotations

from typing import Any

from evidence.manifest import CARDS, CONTRACT, FINDINGS
from evidence.model import Finding
from flows.export.links import reference
from flows.export.subject import ExportSubject
from flows.export.text import markup, prose


def contract_id(subject: ExportSubject) -> str:
    """Return the UUID of the contract's resource."""
    return subject.id_of("resource", "contract")


def findings_id(subject: ExportSubject) -> str:
    """Return the UUID of the resource of findings.json."""
    return subject.id_of("resource", "findings")


def cards_id(subject: ExportSubject) -> str:
    """Return the UUID of the resource of the extraction cards."""
    return subject.id_of("resource", "cards")


def artefact_id(subject: ExportSubject, artefact: str) -> str:
    """Return the UUID of a raw artefact's resource."""
    return subject.id_of("resource", "artefact", artefact)


def quoted_document(subject: ExportSubject, finding: Finding) -> str | None:
    """Return the resource of the signed paper that a clause is from, by the short name that the clause begins with."""
    name = finding.clause.partition(" ")[0]
    listed = subject.contract is not None and name in subject.contract.documents
    return _document_id(subject, name) if listed else None


def _document_id(subject: ExportSubject, name: str) -> str:
    return subject.id_of("resource", "document", name)


def resources(subject: ExportSubject) -> list[dict[str, Any]]:
    """Return the resources: contract, findings, cards, quoted documents, and every artefact that an exhibit shows.

    Artefacts that no exhibit shows are in the extraction cards, whose digest is here; there may be a hundred thousand.
    """
    found = [
        _member(contract_id(subject), "The contract as code", CONTRACT, subject.result.contract.sha256),
        _member(findings_id(subject), "Findings", FINDINGS, subject.findings_sha256),
    ]
    if subject.cards_sha256:
        found.append(_member(cards_id(subject), "Extraction cards", CARDS, subject.cards_sha256))
    return [*found, *_documents(subject), *_artefacts(subject)]


def _member(uuid: str, title: str, member: str, sha256: str) -> dict[str, Any]:
    return {"uuid": uuid, "title": title, "rlinks": [_rlink(member, sha256)]}


def _rlink(href: str, sha256: str | None, media_type: str | None = None) -> dict[str, Any]:
    link: dict[str, Any] = {"href": href}
    if media_type:
        link["media-type"] = media_type
    if sha256:
        link["hashes"] = [{"algorithm": "SHA-256", "value": sha256}]
    return link


def _documents(subject: ExportSubject) -> list[dict[str, Any]]:
    found = []
    for name, document in (subject.contract.documents if subject.contract else {}).items():
        resource: dict[str, Any] = {
            "uuid": _document_id(subject, name),
            "title": markup(document.title),
            "document-ids": [{"identifier": prose(name)}],
        }
        if document.file:
            resource["rlinks"] = [_rlink(reference(document.file), document.sha256)]
        elif document.sha256:
            resource["description"] = f"SHA-256 {document.sha256}"
        found.append(resource)
    return found


def _artefacts(subject: ExportSubject) -> list[dict[str, Any]]:
    shown = sorted({e.artefact for f in subject.result.findings for e in f.exhibits if e.artefact})
    cards = {card.artefact: card for card in reversed(subject.cards)}
    found: list[dict[str, Any]] = []
    for artefact in shown:
        card, digest = cards.get(artefact), artefact.removeprefix("sha256:")
        resource: dict[str, Any] = {
            "uuid": artefact_id(subject, artefact),
            "title": markup(f"Raw artefact {digest[:12]}"),
        }
        if card is None:
            found.append(resource | {"description": f"SHA-256 {markup(digest)}"})
            continue
        said = f"From {card.source} at {card.address}; {card.assurance}; kept by the auditing party."
        link = _rlink(reference(card.address), digest, prose(card.media_type))
        found.append(resource | {"description": markup(said), "rlinks": [link]})
    return found
