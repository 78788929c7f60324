"""`data-segregation`: the customer's content is kept apart from that of other customers."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.tenants_apart import TenantsApart
from checks.terms import Exact


class DataSegregation(Commitment):
    """Every shared system isolates its tenants, and every attempt to cross over in production was refused."""

    kind: Literal["data-segregation"]
    tenants: tuple[str, ...] = Field(min_length=1, description="the tenant identifiers that are the customer")
    systems: tuple[str, ...] = Field(min_length=1, description="systems the contract names; the inventory adds to them")
    observed_every: Exact = Field(description="the longest time a system may go without a snapshot, such as 1d")

    title: ClassVar[str] = "Content is kept apart from other customers'"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("tenancy"),
        Need("system_inventory"),
        Need("isolation_tests", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "breach notification; demand isolation and a new test")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 32(1)(b)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.5.23, A.8.22",
        "SOC 2 CC6.1",
        "NIST SP 800-53 SC-4",
    )
    explanation: ClassVar[str] = (
        "Every system of the contract and the inventory, caches and indexes too, must say whose content lies in it, "
        "throughout the period. One that several tenants share without isolation breaks the promise, and so does an "
        "attempt in production that reached the content of another tenant. Whatever is not dedicated needs a refused "
        "attempt in production within the period; tests in staging carry no weight. Nobody can try every way across."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return "content kept apart from other customers' in every system"

    def test(self) -> str:
        """Return what is compared."""
        return (
            f"Compared the tenants and the isolation of every system in snapshots at most {self.observed_every.text} "
            "apart, and the outcome of every cross-tenant attempt"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over tenancy and tests."""
        return AllowList(scope, TenantsApart(scope, self.tenants, self.systems), self.observed_every)


COMMITMENT = DataSegregation
