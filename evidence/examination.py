"""The numbered steps of a verification (BUNDLE.md, "Verify"); each proves one thing or says why it did not."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime
from typing import BinaryIO

from evidence import dsse, manifest, policy, references, statement
from evidence.canonical import MAX_JSON_BYTES, sha256_hex
from evidence.container import Container, read_container
from evidence.errors import (
    BadContainer,
    BadSignature,
    BadTimestamp,
    BrokenReference,
    DigestMismatch,
    NotLogged,
    PolicyNotMet,
    ProbityError,
)
from evidence.trust import Trust


class NotRun(ProbityError):
    """A step that the reader's policy does not need, or that has nothing to look at."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason code beside the text."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Examination:
    """One bundle under examination. A step may rely on those before it; `verify` never calls it after a failure."""

    def __init__(self, file: BinaryIO, trust: Trust | None, at: datetime | None) -> None:
        self._file, self._trust, self._at = file, trust, at
        self.container: Container | None = None
        self.expected_members: int | None = None
        self.digests: dict[str, str] = {}
        self.statement: statement.Statement | None = None
        self._tags: dict[str, bytes] = {}
        self._manifests: dict[str, str] = {}
        self._envelope: bytes = b""

    def step_1_container(self) -> str:
        """Compare every header with the strict profile; content is not read."""
        self.container = read_container(self._file)
        return f"{len(self.container.entries)} members"

    def step_2_file_set(self) -> str:
        """Compare the members with the manifests and the layout; digests are not compared yet."""
        container = self._opened()
        names = container.entries.keys()
        for name in (manifest.MANIFEST, manifest.TAG_MANIFEST, manifest.DECLARATION, manifest.INFO):
            self._tags[name] = container.read(name, manifest.MAX_MANIFEST_BYTES)
        payload, tags = (manifest.parse(self._tags[n], n) for n in (manifest.MANIFEST, manifest.TAG_MANIFEST))
        self.expected_members = manifest.check_file_set(names, payload, tags)
        if self._tags[manifest.DECLARATION] != manifest.DECLARATION_BYTES:
            raise BadContainer("BAGIT_DECLARATION", f"{manifest.DECLARATION}: is not that of BagIt 1.0")
        self._manifests = {**tags, **payload}
        return f"{self.expected_members} members, as the manifests demand"

    def step_3_digests(self) -> str:
        """Hash every member: tag files first, so that a changed manifest is named before what it lists."""
        container = self._opened()
        listed = list(self._manifests)
        for name in listed + sorted(container.entries.keys() - self._manifests.keys()):
            digest, crc = hashlib.sha256(), 0
            for chunk in container.chunks(name):
                digest.update(chunk)
                crc = zlib.crc32(chunk, crc)
            self.digests[name] = found = digest.hexdigest()
            read_before = sha256_hex(self._tags[name]) if name in self._tags else found
            if self._manifests.get(name, found) != found or read_before != found:
                raise DigestMismatch("DIGEST_MISMATCH", name)
            if crc != container.entries[name].crc32:
                raise DigestMismatch("CRC_MISMATCH", name)
        return f"{len(self._manifests)} digests agree"

    def step_4_time(self) -> str:
        """Verify the time stamps; this form of bundle has none."""
        demanded = self._trusted().policy.time
        if demanded == "local-clock":
            raise NotRun("NOT_DEMANDED", "no trusted time: the policy accepts the signer's own clock")
        raise BadTimestamp("TIMESTAMP_MISSING", f"the policy demands {demanded} and there is no stamp")

    def step_5_cades(self) -> str:
        """Verify the CAdES seal; this form of bundle has none."""
        if policy.CADES not in self._trusted().policy.require:
            raise NotRun("NOT_DEMANDED", "the policy does not demand a CAdES seal")
        raise BadSignature("CADES_MISSING", "the policy demands a CAdES seal and there is none")

    def step_6_dsse(self) -> str:
        """Verify the envelope with the pinned key; algorithm and key come from the trust folder alone."""
        self._envelope = self._read(manifest.STATEMENT, dsse.MAX_ENVELOPE_BYTES)
        envelope = dsse.parse(self._envelope)
        trust = self._trusted()
        if policy.ML_DSA_65 in trust.policy.require:
            raise BadSignature("SIGNATURE_MISSING", "the policy demands an ML-DSA-65 signature and there is none")
        dsse.check(envelope, trust.dsse_p256)
        return f"{manifest.STATEMENT}: key {trust.key_id}"

    def step_7_subject(self) -> str:
        """Compare the digest the seal names with that of the tag manifest."""
        self.statement = statement.parse(dsse.parse(self._envelope).payload)
        if self.statement.tag_manifest_sha256 != self.digests[manifest.TAG_MANIFEST]:
            detail = f"{manifest.STATEMENT}: seals another {manifest.TAG_MANIFEST} than this bundle's"
            raise BadSignature("SUBJECT_MISMATCH", detail)
        return f"{manifest.STATEMENT}: seals this {manifest.TAG_MANIFEST}"

    def step_8_ledger(self) -> str:
        """Verify the ledger proofs; this form of bundle has none."""
        if not self._trusted().policy.ledger:
            raise NotRun("NOT_DEMANDED", "the policy does not demand a ledger entry")
        raise NotLogged("LEDGER_MISSING", "the policy demands a ledger entry and there is none")

    def step_9_disclosures(self) -> str:
        """Compare disclosures with their digests; this form of bundle has none, and step 2 lets none in."""
        raise NotRun("NO_DISCLOSURES", "the bundle discloses no personal values")

    def step_10_references(self) -> str:
        """Compare statement, findings, extraction cards and report with one another; nothing is judged again."""
        container, signed = self._opened(), self._stated()
        for name in (manifest.FINDINGS, manifest.REPORT):
            if name not in container.entries:
                raise BrokenReference("RESULT_MISSING", name)
        result = references.parse_findings(self._read(manifest.FINDINGS, MAX_JSON_BYTES))
        digest = self.digests[manifest.FINDINGS]
        references.check_facts(signed.predicate, result, digest, self._tags[manifest.INFO])
        references.check_report(container.chunks(manifest.REPORT), digest)
        if manifest.CARDS in container.entries:
            references.check_exhibits(result, references.parse_cards(self._read(manifest.CARDS, MAX_JSON_BYTES)))
        return f"{manifest.FINDINGS}: {len(result.findings)} findings agree with statement and report"

    def step_11_policy(self) -> str:
        """Compare what was proved with what the reader demands: signer and age."""
        if self._trust is None:
            raise PolicyNotMet("NO_TRUST", "no trust folder: pass --trust with the one the signer handed you")
        demands = self._trust.policy
        if demands.signed_by is not None and self._trust.signer_name is None:
            raise PolicyNotMet("SIGNER_NOT_ACCEPTED", self._trust.key_id)
        if demands.oldest is not None:
            sealed = self._stated().predicate.sealed_at
            if self._at is None:
                raise PolicyNotMet("NO_VERIFICATION_TIME", "the policy limits the age: pass --at with the time now")
            if not self._at - demands.oldest <= sealed <= self._at:
                raise PolicyNotMet("TOO_OLD", f"sealed outside the {demands.not_older_than} before the time given")
        return "every demand of the policy is met"

    def _trusted(self) -> Trust:
        if self._trust is None:
            raise NotRun("NO_TRUST", "without a trust folder there are no keys and no demands to check against")
        return self._trust

    def _opened(self) -> Container:
        if self.container is None:
            raise BadContainer("NOT_A_BUNDLE", "the container was not read")
        return self.container

    def _stated(self) -> statement.Statement:
        if self.statement is None:
            raise BadSignature("SEAL_MISSING", "the statement was not read")
        return self.statement

    def _read(self, name: str, limit: int) -> bytes:
        """Return a member whose digest is still the one of step 3: the file may have changed under us."""
        data = self._opened().read(name, limit)
        if sha256_hex(data) != self.digests[name]:
            raise DigestMismatch("DIGEST_MISMATCH", f"{name}: changed while it was being verified")
        return data
