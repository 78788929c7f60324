"""A sealed audit read back out of a bundle that verified; there is no other way to make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from checks.contract import LoadedContract, parse_contract
from evidence.canonical import MAX_JSON_BYTES, strict_json
from evidence.errors import VerificationError
from evidence.manifest import CARDS, CONTRACT, FINDINGS
from evidence.model import AuditResult, ExtractionCard
from evidence.references import MAX_FINDINGS_BYTES, parse_findings, read_cards
from evidence.verification import VerifiedContent

COMMITMENTS, WAIVERS = "data/contract/commitments.json", "data/contract/waivers.json"
METHOD, EXPECTATIONS = "data/method/method.json", "data/results/expectations.json"
REGIONS, FEATURES = "data/method/regions.csv", "data/method/zdr_features.csv"
MAX_TEXT_BYTES = 16 * 1024 * 1024  # of a contract edition or a catalogue


class Method(BaseModel):
    """What method.json says of how an audit was judged; `failed` is None in bundles that do not state it."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)

    run: str
    tool: str
    engine: str
    problems: tuple[str, ...] = ()
    failed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SealedAudit:
    """The results of one sealed audit, with the verified members behind them."""

    content: VerifiedContent
    result: AuditResult
    cards: tuple[ExtractionCard, ...]

    def has(self, name: str) -> bool:
        """Return whether the bundle has this member."""
        return name in self.content.names()

    def text(self, name: str) -> bytes:
        """Return a member of bounded size; VerificationError when it is absent or larger."""
        return _bounded(self.content, name, MAX_TEXT_BYTES)

    def data(self, name: str) -> bytes:
        """Return a member as large as results may be; VerificationError when it is absent or larger."""
        return _bounded(self.content, name, MAX_JSON_BYTES)

    def json(self, name: str) -> Any:
        """Return a member that is JSON; VerificationError when it is absent, larger than allowed or not strict JSON."""
        return strict_json(
            self.data(name), what=name, error=lambda message: VerificationError("MALFORMED_MEMBER", message)
        )

    def method(self) -> Method:
        """Return how it was judged; VerificationError when the bundle does not say."""
        stated = self.json(METHOD)
        try:
            return Method.model_validate(stated)
        except ValidationError as cause:
            raise VerificationError("MALFORMED_MEMBER", f"{METHOD}: {cause.error_count()} fields are wrong") from cause

    def contract(self) -> LoadedContract:
        """Return the edition in force; BadInput when this version cannot read it."""
        return parse_contract(self.text(CONTRACT), CONTRACT)


def open_sealed(content: VerifiedContent) -> SealedAudit:
    """Return the audit in verified content."""
    cards = tuple(read_cards([_bounded(content, CARDS, MAX_JSON_BYTES)])) if CARDS in content.names() else ()
    return SealedAudit(content, parse_findings(_bounded(content, FINDINGS, MAX_FINDINGS_BYTES)), cards)


def _bounded(content: VerifiedContent, name: str, limit: int) -> bytes:
    if content.size(name) > limit:
        raise VerificationError("LIMIT_EXCEEDED", f"{name}: larger than {limit} bytes")
    return content.read(name)
