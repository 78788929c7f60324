"""`purpose-limitation`: the customer's data is used for nothing but providing the service."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.access_purposes import AccessPurposes
from checks.kernels.allow_list import AllowList


class PurposeLimitation(Commitment):
    """Every access states a purpose that the contract allows, and the ticket it names says the same."""

    kind: Literal["purpose-limitation"]
    purposes: tuple[str, ...] = Field(
        min_length=1, description="purposes the contract allows, as the access log codes them"
    )
    vendor_side: tuple[str, ...] = Field(
        default=(), description="further organisations whose staff and service roles count as the vendor's"
    )
    customer_side: tuple[str, ...] = Field(
        default=(), description="further organisations that act for the customer, as the log names them"
    )

    title: ClassVar[str] = "Data is used only to provide the service"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("log_totals"),
        Need("access_events", required=False),
        Need("access_tickets", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "material breach; have the use stopped and what came of it deleted")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 5(1)(b)",
        "GDPR 28(3)(a), 28(10)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.5.34",
        "SOC 2 P4.1",
    )
    explanation: ClassVar[str] = (
        "Each access to content states a purpose. A code that the contract does not list breaks the promise; case, "
        "hyphens and blanks make no difference. Prose, and words under which any work fits, such as 'ops' or 'other', "
        "state no purpose and leave it open, even if the contract lists them. An access keeps the promise only with a "
        "ticket (named in approval_id) that was open from its start to its end and states the same purpose. What the "
        "customer's own staff open is no concern of it. Met needs a second count of the log 'access_events', in "
        "log_totals, by a meter that is not the vendor. What somebody did with what he saw, no log can tell."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"data used only for {', '.join(self.purposes)}"

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared the purpose of every access with the allowed purposes and with its ticket, full population, "
            "and reconciled the accesses with an independent count"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over the access log."""
        return AllowList(scope, AccessPurposes(scope, self.purposes, self.vendor_side, self.customer_side), None)


COMMITMENT = PurposeLimitation
