"""`dedicated-tenancy`: nobody else's workload runs where the customer's does."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.sole_tenant import SoleTenant
from checks.terms import Exact


class DedicatedTenancy(Commitment):
    """Every resource of the environment is used by the customer alone, and nobody else enters it."""

    kind: Literal["dedicated-tenancy"]
    tenants: tuple[str, ...] = Field(min_length=1, description="the tenant identifiers that are the customer")
    systems: tuple[str, ...] = Field(
        min_length=1, description="resources that must be dedicated, the account and network too; the inventory adds"
    )
    observed_every: Exact = Field(description="the longest time a resource may go without a snapshot, such as 1d")
    approved: tuple[str, ...] = Field(
        default=(), description="other organisations that may enter, such as a provider of operations"
    )

    title: ClassVar[str] = "The environment is the customer's alone"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("tenancy"),
        Need("system_inventory"),
        Need("documents"),
        Need("log_totals"),
        Need("access_events", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "treat it as a security incident; terminate if it is not cured")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 32(1)(b)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.5.23, A.8.22",
        "SOC 2 CC6.1, CC6.6",
        "NIST SP 800-53 SC-4, SC-7",
    )
    explanation: ClassVar[str] = (
        "Every resource of the contract and the inventory must be seen, throughout the period, to be dedicated to the "
        "customer: one seen with another tenant breaks the promise, and so does an entry by anybody but the customer, "
        "an approved organisation and the vendor, whose staff `vendor-personnel-access-approval` judges. An "
        "independent count must know all entries. What the customer cannot see, the hosts beneath, needs a signed "
        "`tenancy-attestation` with `dedicated_hosts` for the whole period, without exceptions or carve-outs, issued "
        "when the period was over: a dedicated endpoint may stand before a shared fleet. The best is thus attested."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return "no other tenant in the environment, in its resources or at its doors"

    def test(self) -> str:
        """Return what is compared."""
        return (
            f"Compared the tenants of every resource in snapshots at most {self.observed_every.text} apart and the "
            "organisation of every entry with the customer, and looked for a statement about the hosts"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over tenants, entries and statements."""
        observed = SoleTenant(scope, self.tenants, self.approved, self.systems)
        return AllowList(scope, observed, self.observed_every)


COMMITMENT = DedicatedTenancy
