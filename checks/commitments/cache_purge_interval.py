"""`cache-purge-interval`: every cache of customer content is emptied at least so often."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.purge_interval import PurgeInterval
from checks.terms import Exact

CacheName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class CachePurgeInterval(Commitment):
    """From one successful purge of a cache to the next pass at most `max_gap`; exactly `max_gap` is allowed."""

    kind: Literal["cache-purge-interval"]
    max_gap: Exact = Field(description="the longest time between two purges of a cache, such as 24h; it is allowed")
    caches: tuple[CacheName, ...] = Field(
        min_length=1, description="caches the contract names; the inventory adds more"
    )

    title: ClassVar[str] = "Caches are purged in time"
    needs: ClassVar[tuple[Need, ...]] = (Need("purge_runs"), Need("system_inventory"))
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT",
        "material-breach notice; demand a purge and a certificate; triage as an incident if personal data was cached; "
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
        "The time is measured from the end of one successful purge to the end of the next, across midnight and across "
        "the edges of the period, never by calendar day: one run a day can leave almost two days between runs. A run "
        "that failed purges nothing, and one that does not count what it left proves nothing. What was in the cache "
        "before a purge began and after it ended was not purged: it must not grow older than the limit before the next "
        "one. Met needs every cache of the contract, and every cache and index of the inventory, on every day. Silence "
        "of the log at an edge of the period leaves the promise unproven; a gap between two of its entries breaks it."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"every cache purged at least every {self.max_gap.text}"

    def test(self) -> str:
        """Return what is recomputed."""
        return (
            "Recomputed the time between successful purges of every cache from the runs' own instants, edges of the "
            "period included, and the age of what each run left behind"
        )

    def kernel(self, scope: Scope) -> PurgeInterval:
        """Return the interval kernel over this clause's caches."""
        return PurgeInterval(scope, self.max_gap, self.caches)


COMMITMENT = CachePurgeInterval
