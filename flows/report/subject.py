"""What a report is made of: a result and what is known about the bundle that will carry it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.model import AuditResult, ExtractionCard

#: Names that are safe inside a command a reader will copy.
_BUNDLE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """Everything a report says. It is rendered before sealing, so it names the key but not the bundle's digest.

    `findings_sha256` is the hex digest of results/findings.json; a verifier looks for it in the report. `signer`
    describes the key that will sign, with its fingerprint. `limits` is what the bundle does not show, a sentence each.
    `pdf_seal` names the certificate that seals the PDF; empty when none does.
    Addresses of cards are shown as they are: whoever makes a card keeps this machine's paths and secrets out of it.
    """

    result: AuditResult
    findings_sha256: str
    customer: str
    vendor: str
    contract_title: str
    services: Sequence[str]
    term: str
    cards: Sequence[ExtractionCard]
    run: str
    tool: str
    engine: str
    signer: str
    seal_level: str
    time_level: str
    limits: Sequence[str]
    bundle_name: str
    pdf_seal: str = ""

    @property
    def bundle(self) -> str:
        """Return the bundle's name where it is safe inside a command, else a placeholder."""
        return self.bundle_name if _BUNDLE_NAME.fullmatch(self.bundle_name) else "BUNDLE"
