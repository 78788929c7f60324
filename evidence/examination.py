"""One bundle under examination: what the numbered steps share, and what they have proved so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from evidence.canonical import sha256_hex
from evidence.certificates import Chain
from evidence.container import Container
from evidence.errors import BadContainer, BadSignature, DigestMismatch, ProbityError
from evidence.statement import Statement
from evidence.trust import Trust
from evidence.verification import ProvenTime, SealLevel, SignedBy, TimeLevel


class NotRun(ProbityError):
    """A step that the reader's policy does not need, or that has nothing to look at."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason code beside the text."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Proved:
    """What the steps have proved; published only when the whole bundle verified."""

    signers: list[SignedBy] = field(default_factory=list)
    time: ProvenTime = field(default_factory=lambda: ProvenTime(source="local-clock"))
    seal_level: SealLevel = "simple"
    time_level: TimeLevel = "local-clock"
    open: list[str] = field(default_factory=list)  # what was not proved, in the reader's words


class Examination:
    """One bundle under examination. A step may rely on those before it; `verify` runs none after a failure."""

    def __init__(self, file: BinaryIO, trust: Trust | None, at: datetime | None) -> None:
        self.file, self.trust, self.at = file, trust, at
        self.container: Container | None = None
        self.expected_members: int | None = None
        self.digests: dict[str, str] = {}
        self.tags: dict[str, bytes] = {}
        self.manifests: dict[str, str] = {}
        self.statement: Statement | None = None
        self.sealed_by: datetime | None = None  # the trusted time before which the seals existed, from step 4
        self.archived_by: datetime | None = None  # the trusted time before which all of `seal/` existed
        self.stamp_chains: dict[str, Chain] = {}
        self.proved = Proved()

    def trusted(self) -> Trust:
        """Return the reader's trust, or end the step as not run."""
        if self.trust is None:
            raise NotRun("NO_TRUST", "without a trust folder there are no keys and no demands to check against")
        return self.trust

    def opened(self) -> Container:
        """Return the container that step 1 read."""
        if self.container is None:
            raise BadContainer("NOT_A_BUNDLE", "the container was not read")
        return self.container

    def stated(self) -> Statement:
        """Return the statement that step 7 read."""
        if self.statement is None:
            raise BadSignature("SEAL_MISSING", "the statement was not read")
        return self.statement

    def has(self, name: str) -> bool:
        """Return whether the bundle has a member of this name."""
        return name in self.opened().entries

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the sorted names of the members below a folder such as `seal/`."""
        return tuple(sorted(name for name in self.opened().entries if name.startswith(prefix)))

    def read(self, name: str, limit: int) -> bytes:
        """Return a member whose digest is still the one of step 3: the file may have changed under us."""
        data = self.opened().read(name, limit)
        if sha256_hex(data) != self.digests[name]:
            raise DigestMismatch("DIGEST_MISMATCH", f"{name}: changed while it was being verified")
        return data

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member piece by piece; DigestMismatch at its end when it is not what step 3 saw any more."""
        digest = hashlib.sha256()
        for chunk in self.opened().chunks(name):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self.digests[name]:
            raise DigestMismatch("DIGEST_MISMATCH", f"{name}: changed while it was being verified")
