"""`no-third-party-disclosure`: content reaches nobody to whom the customer did not agree."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.recipients import Recipients
from checks.terms import Exact


class NoThirdPartyDisclosure(Commitment):
    """Every recipient of content, and everybody who opened it, was agreed to at the time."""

    kind: Literal["no-third-party-disclosure"]
    # An empty list is a promise too, and the strictest: nobody beside the vendor.
    approved: tuple[str, ...] = Field(description="the third parties that the contract itself agrees to; may be empty")
    notice_ahead: Exact = Field(
        description="how long before a new subprocessor receives anything its notice must have arrived, such as 30d"
    )
    legal_process: Literal["forbidden", "after-notice"] = Field(
        description="whether the contract lets the vendor obey an authority once it has told the customer"
    )
    unless: str | None = Field(default=None, min_length=1, description="consent purpose that allows a disclosure")
    vendor_side: tuple[str, ...] = Field(
        default=(), description="further organisations that count as the vendor, as its log names them"
    )
    customer_side: tuple[str, ...] = Field(
        default=(), description="further organisations that act for the customer, as the log names them"
    )

    title: ClassVar[str] = "No disclosure to third parties"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("log_totals"),
        Need("subprocessors"),
        Need("documents"),
        Need("access_events", required=False),
        Need("disclosures", required=False),
        Need("notices", required=False),
        Need("incidents", required=False),
        Need("consents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "material breach; have the recipient return and delete what it got; start the breach workflow"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(2)-(4), 28(3)(a)-(b), 48",
        "DORA 30(2)(a), 30(2)(c)",
        "(EU) 2025/532",
        "ISO/IEC 27001:2022 A.5.19-A.5.22",
        "SOC 2 C1.1, P6.4",
    )
    explanation: ClassVar[str] = (
        "Each disclosure and each session is compared with who was agreed to at that moment: the vendor and its side, "
        "the parties that the contract names, and subprocessors that the vendor had listed and announced in a notice "
        "received notice_ahead before. Anybody else, another customer too, breaks the promise, unless the customer "
        "consented before. So does a disclosure to an authority where the contract forbids it, or if its notice came "
        "later. An entry of the list that was never announced leaves it open, as does an incident that touched "
        "content. Met also needs a count of the log 'access_events' by a meter that is not the vendor, and the "
        "vendor's signed negative-statement for every day: no_other_disclosure and no_other_legal_process, or "
        "no_disclosure and no_legal_process where the register is empty. What the vendor hides from its own register "
        "is not found; met is its word at best."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"content reaches nobody but {', '.join(('the vendor', *self.approved))} and announced subprocessors"

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared every recipient and every principal with the parties agreed to at that moment, full population, "
            f"subprocessors by notices at least {self.notice_ahead.text} ahead, and reconciled the sessions with an "
            "independent count"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over recipients and sessions."""
        sides = (self.vendor_side, self.customer_side)
        found = Recipients(scope, self.approved, *sides, self.notice_ahead, self.legal_process, self.unless)
        return AllowList(scope, found, None)


COMMITMENT = NoThirdPartyDisclosure
