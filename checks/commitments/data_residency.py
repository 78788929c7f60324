"""`data-residency`: data is processed and stored only inside the agreed countries."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.set_membership import Located
from checks.regions import JURISDICTIONS

Activity = Literal["process", "store", "backup", "replicate", "log", "support_access", "key"]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class DataResidency(Commitment):
    """Every activity of the named types happens in an allowed country; EU and EEA are exact lists of states."""

    kind: Literal["data-residency"]
    allowed: Literal["EU", "EEA"] | Annotated[tuple[Country, ...], Field(min_length=1)] = Field(
        description="EU, EEA or a list of ISO 3166-1 alpha-2 country codes"
    )
    activities: tuple[Activity, ...] = Field(min_length=1, description="activity types the promise speaks of")
    unless: str | None = Field(default=None, min_length=1, description="consent purpose that allows a transfer")
    replication_rules: Literal["forbidden", "allowed"] | None = Field(
        default=None, description="what a rule means that would replicate abroad and has copied nothing yet"
    )

    title: ClassVar[str] = "Data stays in the agreed countries"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("processing_activity"),
        Need("usage_totals"),
        Need("region_catalogue", required=False),
        Need("system_inventory", required=False),
        Need("subprocessors", required=False),
        Need("replication_configs", required=False),
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
        "Each activity's region code is looked up, exactly, in a catalogue of regions with countries: London and "
        "Zurich are not in the EU whatever their code begins with, and an unknown code is never inside. Attempts "
        "that were "
        "throttled, denied or blocked before any token flowed were processed nowhere. Met needs every activity type "
        "observed and as many processing records as an independent meter counted requests. A rule that would replicate "
        "abroad and has copied nothing breaks the promise only where the contract forbids the configuration "
        "(`replication_rules`), and then somebody must have looked at the rules in the period; where it says nothing, "
        "the promise is unproven."
    )

    @property
    def countries(self) -> tuple[str, ...]:
        """Return the allowed countries as ISO codes."""
        return JURISDICTIONS[self.allowed] if isinstance(self.allowed, str) else self.allowed

    def promise(self) -> str:
        """Return the promise in one line."""
        where = self.allowed if isinstance(self.allowed, str) else ", ".join(self.allowed)
        return f"processing and storage only in {where}"

    def test(self) -> str:
        """Return what is looked up."""
        return (
            f"Looked up the country of every {', '.join(self.activities)} record by exact region code, full "
            "population, and reconciled processing with an independent request count"
        )

    def kernel(self, scope: Scope) -> Located:
        """Return the set-membership kernel over this clause's activities."""
        return Located(
            scope, self.countries, self.activities, self.unless, scope.catalogues.regions, self.replication_rules
        )


COMMITMENT = DataResidency
