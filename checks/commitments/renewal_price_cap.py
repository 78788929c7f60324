"""`renewal-price-cap`: prices rise by no more than the agreed percentage when the contract is renewed."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.amounts import Percent
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.deadline import denial
from checks.kernels.price_cap import PriceCap


class RenewalPriceCap(Commitment):
    """Every price of a renewal quote is at most the price before the renewal, increased by `max_increase`."""

    kind: Literal["renewal-price-cap"]
    max_increase: Percent = Field(description="the largest increase over the prior price, such as 5%; inclusive")
    basis: Literal["line", "basket"] = Field(description="whether each line is capped, or their sum by quantities")
    prior: Literal["net", "list"] = Field(description="which prices are compared: net of discounts, or list prices")
    lines: tuple[str, ...] = Field(min_length=1, description="price lines that every quote must state; cards add more")
    unless: str | None = Field(default=None, min_length=1, description="consent purpose for a change of scope")

    title: ClassVar[str] = "Renewal prices are capped"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("renewal_quotes", required=False),
        Need("price_lines", required=False),
        Need("consents", required=False),
        Need("documents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "reject the quote")
    regulations: ClassVar[tuple[str, ...]] = ("DORA 28(7)-(8)", "ISO/IEC 27001:2022 A.5.22", "SOC 2 CC9.2")
    explanation: ClassVar[str] = (
        "Read as prior price x (1 + the cap): taken at its word, 'not exceed 5% of the prior prices' would make a gift "
        "of the service. The prior price is the one in force on the day before the renewal, net or list as the "
        "contract says, so that a discount that disappears counts as a rise. With the basis `line`, a bundle that "
        "passes does not excuse one line that doubles. A line that is new, left out, in another unit or currency "
        "cannot be compared and leaves the promise unproven, unless the customer agreed beforehand to a change of "
        "scope that names it. A withdrawn quote carries no weight. No quote at all is not exercised only if the vendor "
        "signed so (a negative statement with `no_renewal`)."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        what = "each price" if self.basis == "line" else "the basket"
        return f"{what} at most {self.max_increase.text} above the prior {self.prior} price on renewal"

    def test(self) -> str:
        """Return what is compared."""
        return f"Compared every quoted {self.prior} price with the one in force on the day before the renewal" + (
            ", weighed by the expected quantities" if self.basis == "basket" else ""
        )

    def kernel(self, scope: Scope) -> PriceCap:
        """Return the price-formula kernel over quotes and rate cards."""
        return PriceCap(
            scope,
            increase=self.max_increase,
            basket=self.basis == "basket",
            price=self.prior,
            lines=self.lines,
            unless=self.unless,
            denial=denial(scope, "no_renewal"),
        )


COMMITMENT = RenewalPriceCap
