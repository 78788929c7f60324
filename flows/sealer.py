"""Who seals an engagement's bundles: its signers, and the steps of the sealing in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from evidence.policy import DSSE_P256, Policy
from evidence.sealing import DsseSeal, Sealing
from evidence.signer import LocalSigner
from evidence.trust import Trust


@dataclass(frozen=True, slots=True)
class Sealer:
    """The keys an audit file names, ready to sign."""

    dsse: LocalSigner

    @property
    def name(self) -> str:
        """Return how a report names the keys: the SHA-256 of the public half."""
        return f"P-256 key {self.trust().key_id}"

    def trust(self) -> Trust:
        """Return what a bundle must verify against before it is published."""
        policy = Policy(schema_="probity.policy/v1", require=(DSSE_P256,), time="local-clock", ledger=False)
        return Trust(policy, self.dsse.public_key)

    def sealing(self, now: Callable[[], datetime]) -> Sealing:
        """Return the steps in the order of the design; the order matters: each step covers what is before it."""
        return Sealing(steps=(DsseSeal(self.dsse),), trust=self.trust(), now=now)
