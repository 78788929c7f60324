"""Who seals an engagement's bundles: its signers and authorities, and the steps of the sealing in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from evidence.archive import ArchiveList, Stamps
from evidence.cades import SealMaker
from evidence.certificates import Chain, named
from evidence.ledger import Ledger
from evidence.ledger_run import Announced, Completion
from evidence.policy import CADES, DSSE_P256, ML_DSA_65, Policy
from evidence.sealing import (
    CadesSeal,
    Disclosed,
    Draft,
    DsseSeal,
    Kept,
    KeyCopies,
    RevocationData,
    Sealing,
    SealingStep,
)
from evidence.signer import Signer
from evidence.spki import digest_of_key
from evidence.timestamp import Stamper
from evidence.trust import Trust


class PdfSealer(Protocol):
    """Seals PDF files; the one with pyHanko is `infra.pades`."""

    def seal(self, pdf: bytes, at: datetime) -> bytes:
        """Return the file followed by its seal, which claims the time `at`."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """The keys and authorities an audit file names, ready to use."""

    p256: Signer
    ml_dsa_65: Signer | None = None
    cades: SealMaker | None = None
    chain: Chain = ()  # of the seal's certificate, with its root
    revocation: Callable[[], Sequence[x509.CertificateRevocationList]] = tuple
    stampers: tuple[Stamper, ...] = ()
    tsa_roots: Chain = ()
    ledger: Ledger | None = None
    disclosures: bytes = b""  # lines of personal values, beside the seals
    pdf: PdfSealer | None = None  # by the seal's key; without a seal's certificate the PDF report stays unsealed

    @property
    def name(self) -> str:
        """Return how a report names the keys: the SHA-256 of the public half, and whom the seal's certificate names."""
        certified = f"; seal certificate of {named(self.chain[0])}" if self.chain else ""
        return f"P-256 key {self.trust().key_id}{certified}"

    @property
    def time_level(self) -> str:
        """Return the level of the time that the bundle will prove."""
        return "rfc3161" if self.stampers else "local-clock"

    def trust(self) -> Trust:
        """Return what a bundle must verify against before it is published: everything it was to be sealed with."""
        demanded = {DSSE_P256: self.p256, ML_DSA_65: self.ml_dsa_65, CADES: self.cades}
        policy = Policy.model_validate(
            {
                "schema": "probity.policy/v1",
                "require": tuple(name for name, signer in demanded.items() if signer is not None),
                "time": self.time_level,
                "ledger": self.ledger is not None,
            }
        )
        first, second = self.p256.public_key, self.ml_dsa_65.public_key if self.ml_dsa_65 else None
        if not isinstance(first, ec.EllipticCurvePublicKey) or not isinstance(second, MLDSA65PublicKey | None):
            raise TypeError("the statement's keys are of other algorithms than their names say")
        log, witness = (self.ledger.key, self.ledger.witness_key) if self.ledger else (None, None)
        return Trust(policy, first, second, self.chain[-1:], self.tsa_roots, ledger=log, witness=witness)

    @property
    def identity(self) -> str:
        """Return what a run is sealed with: one that was begun with this is finished with nothing else."""
        second = f", ML-DSA-65 key {digest_of_key(self.ml_dsa_65.public_key)}" if self.ml_dsa_65 else ""
        log = self.ledger.key.vkey if self.ledger else "no ledger"
        return f"{self.name}{second}; {self.time_level}; {log}"

    def sealing(
        self,
        now: Callable[[], datetime],
        announced: Announced | None = None,
        keep: Callable[[Draft], None] | None = None,
        *,
        sealed: bool = False,
    ) -> Sealing:
        """Return the steps in the order of the design; the order matters: each step covers what is before it.

        `keep` is given the seals before the ledger commits to them. With `sealed` they are there from an earlier
        attempt, and the steps are those from the ledger on.
        """
        steps = [] if sealed else self._seals()
        if announced is not None:
            if keep is not None and not sealed:
                steps.append(Kept(keep))
            steps.append(Completion(announced))
        if self.cades is not None:
            steps.append(RevocationData(self.revocation))
        steps += [ArchiveList(self.stampers), Disclosed(self.disclosures)]
        return Sealing(steps=tuple(steps), trust=self.trust(), now=now)

    def _seals(self) -> list[SealingStep]:
        steps: list[SealingStep] = [] if self.cades is None else [CadesSeal(self.cades)]
        steps.append(DsseSeal((self.p256,) if self.ml_dsa_65 is None else (self.p256, self.ml_dsa_65)))
        if self.cades is not None:  # copies go with the seal, so that none can be taken away or put in unnoticed
            steps.append(KeyCopies(self.p256, self.ml_dsa_65))
        return [*steps, Stamps(self.stampers)]
