"""`evidence-bundle-signing`: every audit is sealed into a bundle that still verifies."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.hash_signature import BundlesVerify


class EvidenceBundleSigning(Commitment):
    """The customer's own mechanism: earlier bundles verify, under keys named here, in an unbroken chain of periods."""

    kind: Literal["evidence-bundle-signing"]
    signers: tuple[str, ...] = Field(
        min_length=1, description="keys or offices whose signature counts; agreed outside the bundles"
    )

    title: ClassVar[str] = "Earlier evidence bundles still verify"
    needs: ClassVar[tuple[Need, ...]] = (Need("bundle_verifications"), Need("audit_runs", required=False))
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "the auditor or regulator rejects the bundle; find out what changed")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 5(2)",
        "GDPR 28(3)(h)",
        "Regulation (EU) No 910/2014 35",
        "ISO/IEC 27001:2022 A.5.28",
    )
    explanation: ClassVar[str] = (
        "An audit cannot verify its own bundle, which is sealed after the answer is known: what is judged are the "
        "bundles before it, back to the first. Each must have been verified again since the period began, under a key "
        "that the contract names and not one found in the bundle, by the digest of the statement that binds every file "
        "and every finding. A verification that failed breaks the promise, also when a later one succeeded; one that "
        "could not be done, for want of trust anchors or revocation lists, proves nothing. Each bundle must name the "
        "one before it, their periods must join, and the last must reach this period. A sealed run of the audit "
        "schedule whose bundle nobody verified leaves the answer unproven."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return "every earlier bundle still verifies, in an unbroken chain"

    def test(self) -> str:
        """Return what is compared."""
        return "Looked up the verifications of every earlier bundle and followed each to the one before it"

    def kernel(self, scope: Scope) -> BundlesVerify:
        """Return the kernel over the verifications."""
        return BundlesVerify(scope, tuple(self.signers))


COMMITMENT = EvidenceBundleSigning
