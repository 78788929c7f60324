"""Step 10: what the members of a sealed audit say of one another must agree."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import TypeAdapter, ValidationError

from evidence.canonical import strict_json
from evidence.errors import BrokenReference
from evidence.manifest import CARDS, FINDINGS, INFO, REPORT
from evidence.model import AuditResult, ExtractionCard, roll_up
from evidence.statement import StatementFacts, bag_info

_CARDS = TypeAdapter(tuple[ExtractionCard, ...])


def parse_findings(data: bytes) -> AuditResult:
    """Read results/findings.json; BrokenReference unless it is exactly an audit result, nothing coerced or added."""
    value = strict_json(data, what=FINDINGS, error=lambda message: BrokenReference("FINDINGS_FORM", message))
    try:
        result = AuditResult.model_validate_json(data, strict=True)
    except ValidationError as cause:
        raise BrokenReference("FINDINGS_FORM", f"{FINDINGS}: {_first(cause)}") from cause
    if result.as_json() != value:
        raise BrokenReference("FINDINGS_FORM", f"{FINDINGS}: not in the form an audit writes")
    return result


def parse_cards(data: bytes) -> tuple[ExtractionCard, ...]:
    """Read evidence/cards.json, a list of extraction cards; BrokenReference when it is anything else."""
    strict_json(data, what=CARDS, error=lambda message: BrokenReference("CARDS_FORM", message))
    try:
        return _CARDS.validate_json(data, strict=True)
    except ValidationError as cause:
        raise BrokenReference("CARDS_FORM", f"{CARDS}: {_first(cause)}") from cause


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


def check_exhibits(result: AuditResult, cards: Iterable[ExtractionCard]) -> None:
    """Find every exhibit's artefact among the extraction cards; BrokenReference names the first that is not there.

    An exhibit without an artefact rests on something being absent and has nothing to point to.
    """
    known = {"", *(card.artefact for card in cards)}
    for finding in result.findings:
        for exhibit in finding.exhibits:
            if exhibit.artefact not in known:
                detail = f"{FINDINGS}: {finding.commitment} shows {exhibit.artefact}, not in {CARDS}"
                raise BrokenReference("ARTEFACT_UNKNOWN", detail)


def check_report(chunks: Iterable[bytes], findings_sha256: str) -> None:
    """Find the hash of the findings in the report; BrokenReference when the report is of other findings."""
    wanted, tail = findings_sha256.encode("ascii"), b""
    for chunk in chunks:
        if wanted in tail + chunk:
            return
        tail = (tail + chunk)[-len(wanted) + 1 :]  # the hash may lie across two chunks
    raise BrokenReference("REPORT_DISAGREES", f"{REPORT}: does not carry the hash of {FINDINGS}")


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
