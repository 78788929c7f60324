"""`debug-logging-consent`: content is kept longer than the limit only for debugging, and only with prior consent."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.consent_precedes import ConsentPrecedes
from checks.kernels.kept_longer import KeptLonger
from checks.kernels.max_age import MaxAge
from checks.terms import Exact

ContentClass = Literal["prompt", "output", "derived", "metadata"]


class DebugLoggingConsent(Commitment):
    """Every record kept beyond `max_age` has a consent valid from its capture to its end."""

    kind: Literal["debug-logging-consent"]
    max_age: Exact = Field(description="the longest a record may be kept without consent; the limit itself is allowed")
    content: tuple[ContentClass, ...] = Field(min_length=1, description="content classes the promise speaks of")
    systems: tuple[str, ...] = Field(min_length=1, description="systems the contract names; the inventory adds to them")
    purpose: str = Field(min_length=1, description="the consent purpose that allows longer keeping, such as debug-hold")

    title: ClassVar[str] = "Longer keeping only for debugging with consent"
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
        "Records over the limit are found as for data-retention-limit. Each needs a consent for this purpose that "
        "somebody entitled granted at or before the record's first capture, that names its system or the record "
        "itself, and that had not expired when the record was deleted; one that is not known to be gone needs one that "
        "still runs. A blanket scope names nothing. Only complete evidence, reconciled with an independent meter, "
        "counts; if it shows no record over the limit, the promise was not exercised. A claim cannot be judged while "
        "the register of consents is missing."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{' and '.join(self.content)} records kept beyond {self.max_age.text} only with prior consent"

    def test(self) -> str:
        """Return what is matched."""
        return (
            "Recomputed the age of every record, matched each one over the limit with the consent it claims or that "
            "names it, full population, and reconciled the count per system with an independent meter"
        )

    def kernel(self, scope: Scope) -> ConsentPrecedes:
        """Return the consent-precedes kernel over the records kept longer than the limit."""
        ages = MaxAge(scope, self.max_age, self.content, self.systems, unless=None)
        return ConsentPrecedes(
            scope,
            KeptLonger(scope, ages, self.purpose),
            register="consents",
            without="kept without valid consent",
            lasting="e.ended",
        )


COMMITMENT = DebugLoggingConsent
