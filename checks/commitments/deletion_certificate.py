"""`deletion-certificate`: the vendor deletes the customer's data and certifies it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.certificate import Certified
from checks.kernels.deadline import denial
from checks.terms import Exact

#: What the vendor's negative statement must assert, word for word, for each sort of trigger.
DENIALS = {"exit": "no_exit", "request": "no_request", "retention": "no_retention_expiry"}


class DeletionCertificate(Commitment):
    """Within `due` of every trigger a signed certificate covers every system, and nothing is seen afterwards."""

    kind: Literal["deletion-certificate"]
    due: Exact = Field(description="how long after the trigger the certificate may come, such as 30d; inclusive")
    after: Literal["exit", "request", "retention"] = Field(description="what triggers the deletion")
    unless: str | None = Field(default=None, min_length=1, description="consent purpose that allows exceptions")

    title: ClassVar[str] = "Deletion is certified"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("deletion_triggers", required=False),
        Need("deletion_certificates", required=False),
        Need("system_inventory", required=False),
        Need("usage_totals", required=False),
        Need("documents", required=False),
        Need("data_lifecycle", required=False),
        Need("processing_activity", required=False),
        Need("access_events", required=False),
        Need("consents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "withhold the final payment; cure notice; tell the regulator")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 17",
        "GDPR 28(3)(g)",
        "DORA 28(8)",
        "DORA 30(2)(d)",
        "ISO/IEC 27001:2022 A.8.10",
        "SOC 2 C1.2, P4.3",
    )
    explanation: ClassVar[str] = (
        "Every trigger needs a certificate by its due instant that the vendor signed, that names every inventoried "
        "system, backups and subprocessors, all classes and days of data, and as many records as an independent meter "
        "counted less those deleted before. An omitted system that held data, backups left out, a late or missing "
        "certificate, and any record, activity or access of the data seen after the certified deletion break the "
        "promise. An unsigned certificate, a backup that has yet to expire, exceptions nobody consented to and a count "
        "that does not reconcile leave it unproven. The certificate's file is not hashed by Probity: trust rests on "
        "the signature that the evidence says was verified, and on a stated digest, so the answer is only attested. "
        "Without any trigger, the vendor's own statement for the whole period must say that there was none."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return (
            f"deletion certified within {self.due.text} of {'an exit' if self.after == 'exit' else f'a {self.after}'}"
        )

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared every certificate with its trigger, the inventory and independent totals, and looked for data "
            "seen after the certified deletion"
        )

    def kernel(self, scope: Scope) -> Certified:
        """Return the certificate kernel, with the statement that would excuse its absence."""
        return Certified(scope, self.due, self.after, self.unless, denial(scope, DENIALS[self.after]))


COMMITMENT = DeletionCertificate
