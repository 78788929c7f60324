"""`encryption-at-rest`: every store that holds content is strongly encrypted, backups and logs included."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.stores_at_rest import StoresAtRest
from checks.terms import Exact

Algorithm = Literal["AES-128", "AES-192", "AES-256", "Camellia-256", "ChaCha20-Poly1305", "XChaCha20-Poly1305"]


class EncryptionAtRest(Commitment):
    """Each store of each system is encrypted with an allowed algorithm, in snapshots at most `observed_every` apart."""

    kind: Literal["encryption-at-rest"]
    algorithms: tuple[Algorithm, ...] = Field(min_length=1, description="algorithms the contract accepts as strong")
    systems: tuple[str, ...] = Field(min_length=1, description="systems the contract names; the inventory adds to them")
    observed_every: Exact = Field(description="the longest time a store may go without a snapshot, such as 1d")

    title: ClassVar[str] = "Content is encrypted at rest"
    needs: ClassVar[tuple[Need, ...]] = (Need("storage_configs"), Need("system_inventory"))
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "demand a cure; assess whether what lay open must be treated as a breach"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 32(1)(a), 34(3)(a)",
        "DORA 30(2)(c), 30(3)(c)",
        "(EU) 2024/1774 6-7",
        "ISO/IEC 27001:2022 A.8.24",
        "SOC 2 CC6.1",
        "NIST SP 800-53 SC-13, SC-28",
    )
    explanation: ClassVar[str] = (
        "Every system of the contract and the inventory must show at least one store, and every store it ever shows "
        "is followed through the period. A store that is not encrypted, or uses a known algorithm that the contract "
        "does not accept, breaks the promise. An encryption that applies to new writes only does not prove that "
        "older objects are encrypted, and a name of an algorithm that is not known proves nothing. Configurations "
        "are the vendor's statement about its stores; that they are what is in use is not tested here."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"content at rest encrypted with {' or '.join(self.algorithms)}"

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared the encryption of every store of every inventoried system with the accepted algorithms, in "
            f"snapshots at most {self.observed_every.text} apart"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over the stores of this clause's systems."""
        return AllowList(scope, StoresAtRest(scope, self.algorithms, self.systems), self.observed_every)


COMMITMENT = EncryptionAtRest
