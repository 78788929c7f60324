"""Step 10: what the members of a sealed audit say of one another must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from evidence.canonical import objects_of, strict_json
from evidence.errors import BrokenReference
from evidence.manifest import CARDS, CONTRACT, FINDINGS, FINDINGS_IN_PDF, INFO, REPORT_PDF
from evidence.model import AuditResult, ExtractionCard, roll_up
from evidence.statement import StatementFacts, bag_info

MAX_FINDINGS_BYTES = 16 * 1024 * 1024
MAX_FINDINGS_VALUES = 250_000  # a thousand commitments with all their exhibits


def parse_findings(data: bytes) -> AuditResult:
    """Read results/findings.json; BrokenReference unless it is exactly an audit result, nothing coerced or added."""
    value = strict_json(data, what=FINDINGS, error=_bad_findings, most=MAX_FINDINGS_VALUES)
    try:
        result = AuditResult.model_validate_json(data, strict=True)
    except ValidationError as cause:
        raise BrokenReference("FINDINGS_FORM", f"{FINDINGS}: {_first(cause)}") from cause
    if result.as_json() != value:
        raise BrokenReference("FINDINGS_FORM", f"{FINDINGS}: not in the form an audit writes")
    return result


def read_cards(chunks: Iterable[bytes]) -> Iterator[ExtractionCard]:
    """Yield the cards of evidence/cards.json one by one; BrokenReference when it is no list of extraction cards.

    There is a card for every raw artefact, of which an audit may have hundreds of thousands.
    """
    for number, data in enumerate(objects_of(chunks, what=CARDS, error=_bad_cards), start=1):
        try:
            yield ExtractionCard.model_validate_json(data, strict=True)
        except ValidationError as cause:
            raise _bad_cards(f"{CARDS}: card {number}: {_first(cause)}") from cause


def check_facts(facts: StatementFacts, result: AuditResult, findings_sha256: str, info: bytes) -> None:
    """Compare the signed facts with the findings and bag-info.txt; BrokenReference names the field that differs.

    The status of the whole is compared with its findings', but no finding is judged again: that is `replay`.
    """
    pairs = {
        "findings_sha256": (facts.findings_sha256, findings_sha256),
        "contract": (facts.contract, result.contract),
        "period": (facts.period, result.period),
        "as_of": (facts.as_of, result.as_of),
        "status": (facts.status, result.status),
    }
    for field, (signed, found) in pairs.items():
        if signed != found:
            raise BrokenReference("FACTS_DISAGREE", f"{FINDINGS}: {field} differs from the signed statement")
    if not result.findings or roll_up(finding.status for finding in result.findings) != result.status:
        raise BrokenReference("FACTS_DISAGREE", f"{FINDINGS}: status is not that of its findings")
    if info != bag_info(facts):
        raise BrokenReference("FACTS_DISAGREE", f"{INFO}: differs from the signed statement")


def check_contract(facts: StatementFacts, contract_sha256: str | None) -> None:
    """Compare the signed digest with that of the contract's copy, if there is one; BrokenReference when they differ."""
    if contract_sha256 not in {None, facts.contract.sha256}:
        raise BrokenReference("CONTRACT_DIFFERS", f"{CONTRACT}: is not the contract that the signed statement names")


def check_exhibits(result: AuditResult, cards: Iterable[ExtractionCard]) -> None:
    """Find every exhibit's artefact among the extraction cards; BrokenReference names the first that is not there.

    An exhibit without an artefact rests on something being absent and has nothing to point to.
    """
    shown = {exhibit.artefact: finding.commitment for finding in result.findings for exhibit in finding.exhibits}
    shown.pop("", None)
    for card in cards:
        shown.pop(card.artefact, None)
    for artefact, commitment in shown.items():
        raise BrokenReference("ARTEFACT_UNKNOWN", f"{FINDINGS}: {commitment} shows {artefact}, not in {CARDS}")


def check_report(name: str, chunks: Iterable[bytes], findings_sha256: str) -> None:
    """Find the hash of the findings in a report or an export; BrokenReference when it is of other findings.

    HTML shows it, exports name it. PDF names it in its metadata, which PDF/A forbids to compress (ISO 19005-3,
    6.6.2.1): no reader of PDF is needed, and `grep` finds it as well.
    """
    wanted = f"{FINDINGS_IN_PDF if name == REPORT_PDF else ''}{findings_sha256}".encode("ascii")
    tail, found = b"", False
    for chunk in chunks:  # to the end, where its digest is compared
        found = found or wanted in tail + chunk
        tail = (tail + chunk)[-len(wanted) + 1 :]  # the hash may lie across two chunks
    if not found:
        raise BrokenReference("REPORT_DISAGREES", f"{name}: does not carry the hash of {FINDINGS}")


def _bad_findings(message: str) -> BrokenReference:
    return BrokenReference("FINDINGS_FORM", message)


def _bad_cards(message: str) -> BrokenReference:
    return BrokenReference("CARDS_FORM", message)


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
