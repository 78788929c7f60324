"""The outcome of a verification: numbered steps, what was proved and what was not, and the road to the content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, PrivateAttr

from evidence.container import CHUNK, open_file
from evidence.errors import DigestMismatch, VerificationError
from evidence.model import Closed
from evidence.statement import StatementFacts
from evidence.zip_profile import Entry

STEP_NAMES = {
    1: "container",
    2: "file-set",
    3: "digests",
    4: "time",
    5: "cades",
    6: "dsse",
    7: "subject",
    8: "ledger",
    9: "disclosures",
    10: "references",
    11: "policy",
}
MAX_DETAIL = 300

SealLevel: TypeAlias = Literal["none", "simple", "advanced", "qualified"]
TimeLevel: TypeAlias = Literal["none", "local-clock", "rfc3161", "qualified", "ledger-witness"]
NOTHING_PROVED = ("anything: this bundle did not verify",)


class StepOutcome(StrEnum):
    """What became of one step; `not_run` is a failure wherever the policy needs the step."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


class Step(Closed):
    """One numbered step with its reason code and the member or field it is about."""

    step: int
    name: str
    outcome: StepOutcome
    reason: str | None = None
    detail: str = ""


class SignedBy(Closed):
    """A key whose signature was verified; `name` is what the reader's own policy calls its holder."""

    keyid: str
    algorithm: str
    name: str | None


class ProvenTime(Closed):
    """When the bundle is proven to have existed; `claimed` is only the signer's own clock."""

    proven: str | None = None
    source: str | None = None
    claimed: str | None = None


class Levels(Closed):
    """How strong seal and time are (BUNDLE.md); `none` as long as nothing was verified."""

    seal: SealLevel = "none"
    time: TimeLevel = "none"


class Members(Closed):
    """How many members the manifests demand and how many are there; null when that could not be read."""

    expected: int | None = None
    present: int | None = None


class VerifiedContent:
    """The content of a bundle that verified; every read is compared with the verified digest once more."""

    def __init__(self, bundle: Path, facts: StatementFacts, entries: dict[str, Entry], digests: dict[str, str]) -> None:
        self.facts = facts
        self._bundle, self._entries, self._digests = bundle, entries, digests

    def names(self) -> tuple[str, ...]:
        """Return the names of all members, sorted, such as `data/results/findings.json`."""
        return tuple(sorted(self._entries))

    def digest(self, path: str) -> str:
        """Return the verified SHA-256 of a member, in hexadecimal."""
        return self._digests[self._entry(path).name]

    def size(self, path: str) -> int:
        """Return how many bytes a member has."""
        return self._entry(path).size

    def read(self, path: str) -> bytes:
        """Return a member's bytes; VerificationError when it is absent or changed since the verification."""
        return b"".join(self.chunks(path))

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield a member in pieces of at most `CHUNK` bytes; what was yielded is vouched for only after the last one.

        VerificationError when the member is absent or has changed since the verification.
        """
        entry, digest, left = self._entry(path), hashlib.sha256(), self._entry(path).size
        with open_file(self._bundle) as file:
            file.seek(entry.data)
            while left:
                try:
                    chunk = file.read(min(CHUNK, left))
                except OSError as cause:
                    raise VerificationError("UNREADABLE", f"{path}: {cause.strerror}") from cause
                if not chunk:
                    break
                digest.update(chunk)
                left -= len(chunk)
                yield chunk
        if digest.hexdigest() != self._digests[path]:
            raise DigestMismatch("DIGEST_MISMATCH", f"{path}: changed since it was verified")

    def _entry(self, path: str) -> Entry:
        entry = self._entries.get(path)
        if entry is None:
            raise VerificationError("MISSING_MEMBER", path)
        return entry


class Verification(Closed):
    """The result of one verification, `probity.verify/v1`; only a verified one gives access to the content."""

    schema_: Literal["probity.verify/v1"] = Field(default="probity.verify/v1", alias="schema")
    verified: bool
    reason: str | None
    steps: tuple[Step, ...]
    audit: StatementFacts | None
    signers: tuple[SignedBy, ...]
    time: ProvenTime
    levels: Levels
    members: Members
    not_proved: tuple[str, ...]
    _content: VerifiedContent | None = PrivateAttr(default=None)

    def with_content(self, content: VerifiedContent) -> Verification:
        """Return this verification with the content it vouches for; called by `verify` alone."""
        self._content = content
        return self

    def content(self) -> VerifiedContent:
        """Return the verified content; VerificationError with the first failure unless the bundle verified."""
        if not self.verified or self._content is None:
            failed = next((step for step in self.steps if step.outcome is StepOutcome.FAILED), None)
            detail = f"step {failed.step} {failed.name}: {failed.detail}" if failed else "the bundle was not verified"
            raise VerificationError(self.reason or "NOT_VERIFIED", detail)
        return self._content


def printable(text: str) -> str:
    """Return text for a terminal or a log: control characters of a hostile bundle escaped, length bounded."""
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:MAX_DETAIL])
    return escaped if len(text) <= MAX_DETAIL else escaped + "…"
