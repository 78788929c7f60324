"""`data-retention-limit`: no prompt or output is kept longer than a limit, in any system."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.max_age import MaxAge
from checks.terms import Exact

ContentClass = Literal["prompt", "output", "derived", "metadata"]


class DataRetentionLimit(Commitment):
    """The vendor deletes content within `max_age` of capturing it; an age of exactly `max_age` is allowed."""

    kind: Literal["data-retention-limit"]
    max_age: Exact = Field(description="the longest a record may be kept, such as 24h; the limit itself is allowed")
    content: tuple[ContentClass, ...] = Field(min_length=1, description="content classes the promise speaks of")
    systems: tuple[str, ...] = Field(min_length=1, description="systems the contract names; the inventory adds to them")
    unless: str | None = Field(default=None, min_length=1, description="consent purpose that allows longer keeping")

    title: ClassVar[str] = "Content is deleted within the limit"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("data_lifecycle"),
        Need("system_inventory"),
        Need("usage_totals"),
        Need("consents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT",
        "material-breach notice; demand deletion and a certificate; triage as an incident if personal data is in it; "
        "count toward termination",
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 5(1)(c),(e)",
        "GDPR 28(3)(a),(g)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.8.10",
        "SOC 2 C1.2",
    )
    explanation: ClassVar[str] = (
        "The age of a record is its hard or cryptographic deletion minus its first capture in any system; without a "
        "deletion it is the last time the record was seen. A soft deletion is a sighting, not a deletion. Met needs "
        "every record an independent meter counted, in every system of the contract and the inventory, each seen "
        "through to its deletion. Records still younger than the limit are open and make the answer provisional."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{' and '.join(self.content)} records deleted within {self.max_age.text}"

    def test(self) -> str:
        """Return what is recomputed."""
        return (
            "Recomputed the age of every record from its own timestamps, full population, and reconciled the count per "
            "system with an independent meter"
        )

    def kernel(self, scope: Scope) -> MaxAge:
        """Return the max-age kernel over this clause's systems."""
        return MaxAge(scope, self.max_age, self.content, self.systems, self.unless)


COMMITMENT = DataRetentionLimit
