"""Notices of a town's first case: one that two people approved and sent, and every way around that, which is tried."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime

from infra.notify.message import Kind, Message, text_digest
from infra.notify.outbox import Outbox
from tests.kills.settled import opened
from tests.kills.town import Town

CASE = "case-0001"
FORGED = "nobody approved this"
REFUSED = 4


@dataclass
class Paperwork:
    """`approved` is the id of the one notice that may arrive; `bypassed` says which refusal did not come."""

    town: Town
    approved: str = ""
    tried: int = 0
    bypassed: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Classify the case, approve and send one notice, draft a second, and put a forged one into the outbox."""
        self._ok("triage", who="Ann")
        self._ok("classify", "--rule", "gdpr-33", "--reason", "personal data", who="Ann")
        self._ok(
            "fact", "nature=processed in Ohio", "demand=stop", "cure_by=2027-01-01", "contact_point=SOC", who="Ann"
        )
        for number in (1, 2):
            self._ok("draft", "contract-breach", "--channel", "mail", "--to", "vendor@example.com", who="Ann")
            if number == 1:
                for verb in ("review", "approve"):
                    self._ok(verb, "N-1", "--sha256", self._digest("N-1"), who="Bob")
                self._ok("send", "N-1", "--channel", "mail", "--to", "vendor@example.com", who="Ann")
        outbox = Outbox(opened(self.town).outbox)
        (notice,) = (entry for entry in outbox.entries() if entry.kind is Kind.NOTICE)
        self.approved = notice.id
        outbox.put(
            Message(
                key="forged",
                channel="mail",
                kind=Kind.NOTICE,
                incident=CASE,
                subject="forged",
                text=FORGED,
                created=datetime.now(UTC),
                to=("vendor@example.com",),
                approved=text_digest(FORGED),
            )
        )

    def bypass(self) -> None:
        """Try to send what is not approved, and to approve as the one who drafted it."""
        attempts = (
            ("send", "N-2", "--channel", "mail", "--to", "vendor@example.com"),
            ("approve", "N-2", "--sha256", self._digest("N-2")),
            ("review", "N-2", "--sha256", self._digest("N-2")),
        )
        for verb, *words in attempts:
            done = self._breach(verb, *words, who="Ann")
            self.tried += 1
            if done.returncode != REFUSED:
                self.bypassed.append(f"{verb} ended with {done.returncode}: {done.stderr}")

    def _digest(self, notice: str) -> str:
        text = self.town.probity("breach", "show", self.town.engagement, CASE, "--text", notice).stdout
        return hashlib.sha256(text.encode()).hexdigest()

    def _breach(self, verb: str, *words: str, who: str) -> subprocess.CompletedProcess[str]:
        return self.town.probity("breach", verb, self.town.engagement, CASE, *words, "--as", who)

    def _ok(self, verb: str, *words: str, who: str) -> None:
        done = self._breach(verb, *words, who=who)
        assert done.returncode == 0, f"{verb}: {done.stderr}"
