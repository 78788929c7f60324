"""`encryption-in-transit`: every endpoint refuses plaintext and anything below the agreed TLS version."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.tls_endpoints import TlsEndpoints
from checks.terms import Exact


class EncryptionInTransit(Commitment):
    """The worst that any endpoint accepts is at least `minimum`, in scans at most `observed_every` apart."""

    kind: Literal["encryption-in-transit"]
    minimum: Literal["TLSv1.2", "TLSv1.3"] = Field(description="the lowest protocol that may be accepted")
    endpoints: tuple[str, ...] = Field(min_length=1, description="endpoints the contract names; the inventory adds")
    exposure: tuple[Literal["public", "internal"], ...] = Field(
        min_length=1, description="which endpoints the promise speaks of; each sort must be in the inventory"
    )
    observed_every: Exact = Field(description="the longest time an endpoint may go without a scan, such as 7d")

    title: ClassVar[str] = "Content is encrypted in transit"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("tls_observations"),
        Need("endpoint_inventory"),
        Need("processing_activity", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "demand a cure; stop sending content to the endpoint until it is cured"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 32(1)(a)",
        "DORA 30(2)(c), 30(3)(c)",
        "(EU) 2024/1774 6-7",
        "ISO/IEC 27001:2022 A.8.20, A.8.24",
        "SOC 2 CC6.1, CC6.7",
        "NIST SP 800-53 SC-8",
    )
    explanation: ClassVar[str] = (
        "A scan must try what an endpoint accepts: the lowest protocol accepted counts, not the one negotiated, and "
        "an attempt without encryption must be refused. Every endpoint of the contract and the inventory is followed "
        "through the whole period; the inventory must list endpoints of every promised sort, so that internal hops "
        "are not forgotten. A logged connection below the minimum breaks the promise whatever the scans say. Cipher "
        "suites and certificates are not judged."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{self.minimum} or better on every {' and '.join(self.exposure)} endpoint, plaintext refused"

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared the lowest protocol that every inventoried endpoint accepted, and whether it refused plaintext, "
            f"in scans at most {self.observed_every.text} apart, and the version of every logged connection"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over scans and connections."""
        return AllowList(scope, TlsEndpoints(scope, self.minimum, self.endpoints, self.exposure), self.observed_every)


COMMITMENT = EncryptionInTransit
