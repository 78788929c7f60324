"""`customer-unique-encryption-keys`: the customer's content is encrypted with keys that protect nobody else's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.tenant_keys import TenantKeys
from checks.regions import JURISDICTIONS
from checks.terms import Exact

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class CustomerUniqueEncryptionKeys(Commitment):
    """Every store has a key whose only tenant is the customer, and so has every key that wraps it."""

    kind: Literal["customer-unique-encryption-keys"]
    tenants: tuple[str, ...] = Field(min_length=1, description="the tenant identifiers that are the customer")
    systems: tuple[str, ...] = Field(min_length=1, description="systems the contract names; the inventory adds to them")
    observed_every: Exact = Field(description="the longest time a store may go without a snapshot of its key")
    allowed: Literal["EU", "EEA"] | Annotated[tuple[Country, ...], Field(min_length=1)] | None = Field(
        default=None, description="where keys must lie, if the contract says so: EU, EEA or ISO 3166-1 alpha-2 codes"
    )

    title: ClassVar[str] = "Encryption keys serve this customer alone"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("encryption_keys"),
        Need("system_inventory"),
        Need("storage_configs", required=False),
        Need("region_catalogue", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "security finding; demand keys of the customer's own and that content be encrypted anew with them"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 32(1)(a)",
        "DORA 30(2)(c), 30(3)(c)",
        "(EU) 2024/1774 6-7",
        "ISO/IEC 27001:2022 A.8.24",
        "SOC 2 CC6.1",
        "NIST SP 800-53 SC-12, SC-28",
    )
    explanation: ClassVar[str] = (
        "Every store of every system of the contract and the inventory must be named by a key whose only tenant is the "
        "customer, throughout the period. Each key states the key that wraps it, itself where nothing does, and the "
        "wrapping key must be in evidence and serve the customer alone too: an alias of its own on a shared master is "
        "not a key of its own. A key that serves another tenant, one under the same master that does, a store without "
        "encryption, or a key outside the countries that the contract names breaks the promise. The inventory of keys "
        "is the vendor's statement; that no other key opens the content is not tested here."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        place = self.allowed if isinstance(self.allowed, str) else ", ".join(self.allowed or ())
        return "encryption keys that serve this customer alone" + (f", kept in {place}" if place else "")

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared the tenants of the key of every store, and of every key that wraps it, with the customer, in "
            f"snapshots at most {self.observed_every.text} apart"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over the inventory of keys."""
        countries = JURISDICTIONS[self.allowed] if isinstance(self.allowed, str) else self.allowed
        keys = TenantKeys(scope, self.tenants, self.systems, self.observed_every, countries, scope.catalogues.regions)
        return AllowList(scope, keys, self.observed_every)


COMMITMENT = CustomerUniqueEncryptionKeys
