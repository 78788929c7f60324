"""How a bundle is sealed: steps in the order of BUNDLE.md, each of which adds files beside the payload.

start leaf (before anything is gathered) → payload and manifests → CAdES and DSSE → stamps → completed leaf and proof →
revocation data → archive list and stamp → container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from cryptography import x509

from evidence import dsse, layout, statement
from evidence.cades import SealMaker
from evidence.canonical import sha256_hex
from evidence.certificates import pem
from evidence.errors import OutputFailed
from evidence.signer import Signer
from evidence.spki import public_pem
from evidence.statement import StatementFacts
from evidence.trust import Trust


@dataclass(frozen=True, slots=True)
class Draft:
    """A bundle whose payload is fixed; `files` are the parts made so far, such as `seal/statement.dsse.json`."""

    facts: StatementFacts
    tag_manifest: bytes
    files: Mapping[str, bytes]


class SealingStep(Protocol):
    """Makes files below `seal/`, `archive/` or `disclosures/` from the draft and everything made before."""

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return the new files by name; one that is there already is never replaced."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """The steps in order, and what the finished bundle must verify against before it leaves the work folder.

    `now` is read when everything is made: stamps are later than the start of the run.
    """

    steps: tuple[SealingStep, ...]
    trust: Trust
    now: Callable[[], datetime]


def run_steps(steps: tuple[SealingStep, ...], draft: Draft) -> Draft:
    """Return the draft with the files of every step."""
    for step in steps:
        made = step.make(draft)
        if again := sorted(made.keys() & draft.files.keys()):
            raise OutputFailed(f"{again[0]}: made by two steps of the sealing")
        draft = replace(draft, files={**draft.files, **made})
    return draft


@dataclass(frozen=True, slots=True)
class DsseSeal:
    """Signs the statement over the tag manifest with every signer, the P-256 one first."""

    signers: tuple[Signer, ...]

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return `seal/statement.dsse.json`."""
        payload = statement.encode(draft.facts, sha256_hex(draft.tag_manifest))
        return {layout.STATEMENT: dsse.sign(payload, self.signers)}


@dataclass(frozen=True, slots=True)
class CadesSeal:
    """Seals the tag manifest for people and law."""

    maker: SealMaker

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return `seal/tagmanifest-sha256.txt.p7s`."""
        return {layout.CADES: self.maker.seal(draft.tag_manifest)}


@dataclass(frozen=True, slots=True)
class Kept:
    """Hands what was made so far to whoever keeps it, before the ledger commits to it; makes nothing itself."""

    keep: Callable[[Draft], None]

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return nothing."""
        self.keep(draft)
        return {}


@dataclass(frozen=True, slots=True)
class KeyCopies:
    """Puts copies of the statement's public keys into the bundle: hints, which `verify` compares with the pinned."""

    p256: Signer
    ml_dsa_65: Signer | None = None

    def make(self, draft: Draft) -> Mapping[str, bytes]:  # noqa: ARG002 - a step like the others
        """Return the files below `seal/keys/`."""
        keys = {layout.KEY_P256: self.p256, layout.KEY_ML_DSA_65: self.ml_dsa_65}
        return {name: public_pem(signer.public_key) for name, signer in keys.items() if signer is not None}


@dataclass(frozen=True, slots=True)
class RevocationData:
    """Archives revocation lists, fetched only now: after the stamps, so that they are as new as can be."""

    fetch: Callable[[], Sequence[x509.CertificateRevocationList]]

    def make(self, draft: Draft) -> Mapping[str, bytes]:  # noqa: ARG002 - a step like the others
        """Return the files below `seal/ltv/`."""
        return {f"{layout.LTV}{i:02d}.crl": pem(found) for i, found in enumerate(self.fetch(), start=1)}


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Puts disclosures beside the seals; no archive list names them, so that they can be deleted."""

    lines: bytes

    def make(self, draft: Draft) -> Mapping[str, bytes]:  # noqa: ARG002 - a step like the others
        """Return `disclosures/personal.jsonl`; nothing where nothing is disclosed."""
        return {layout.DISCLOSURES: self.lines} if self.lines else {}
