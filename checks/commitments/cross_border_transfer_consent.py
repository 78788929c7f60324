"""`cross-border-transfer-consent`: nothing leaves the agreed countries without prior consent."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.consent_precedes import ConsentPrecedes
from checks.kernels.set_membership import Located
from checks.kernels.transfers import Transfers
from checks.regions import JURISDICTIONS

Activity = Literal["process", "store", "backup", "replicate", "log", "support_access", "key"]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class CrossBorderTransferConsent(Commitment):
    """Every activity outside the allowed countries has a consent that was granted before it and names it."""

    kind: Literal["cross-border-transfer-consent"]
    allowed: Literal["EU", "EEA"] | Annotated[tuple[Country, ...], Field(min_length=1)] = Field(
        description="EU, EEA or a list of ISO 3166-1 alpha-2 country codes that need no consent"
    )
    activities: tuple[Activity, ...] = Field(
        min_length=1, description="activities that are transfers when done abroad; support_access always is"
    )
    purpose: str = Field(min_length=1, description="the consent purpose that allows a transfer, such as transfer")

    title: ClassVar[str] = "No transfer abroad without consent"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("processing_activity"),
        Need("usage_totals"),
        Need("region_catalogue", required=False),
        Need("system_inventory", required=False),
        Need("subprocessors", required=False),
        Need("consents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "breach notice; block the route; transfer assessment; termination if uncured"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(a)",
        "GDPR 44-49",
        "DORA 30(2)(b)",
        "ISO/IEC 27001:2022 A.5.23",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "Where an activity happened is looked up as for data-residency. One outside the allowed countries needs a "
        "consent for this purpose by somebody entitled, granted at or before it and not expired, whose scope is the "
        "country, the region code, the request or the activity; a blanket scope names nothing. Access by support "
        "staff abroad is a transfer whether or not the contract lists it, and a subprocessor listed in a country "
        "without consent contradicts the promise. Met needs every activity type observed and as many processing "
        "records as an independent meter counted requests. Flows that nobody logged are not seen."
    )

    @property
    def countries(self) -> tuple[str, ...]:
        """Return the countries that need no consent, as ISO codes."""
        return JURISDICTIONS[self.allowed] if isinstance(self.allowed, str) else self.allowed

    def promise(self) -> str:
        """Return the promise in one line."""
        where = self.allowed if isinstance(self.allowed, str) else ", ".join(self.allowed)
        return f"no transfer out of {where} without prior consent"

    def test(self) -> str:
        """Return what is matched."""
        return (
            f"Looked up the country of every {', '.join(self._activities)} record, matched each one outside with a "
            "consent granted before it, full population, and reconciled processing with an independent request count"
        )

    @property
    def _activities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.activities, "support_access")))

    def kernel(self, scope: Scope) -> ConsentPrecedes:
        """Return the consent-precedes kernel over the activities outside."""
        places = Located(scope, self.countries, self._activities, None, scope.catalogues.regions)
        return ConsentPrecedes(
            scope, Transfers(scope, places, self.purpose), register="consents", without="transfer without valid consent"
        )


COMMITMENT = CrossBorderTransferConsent
