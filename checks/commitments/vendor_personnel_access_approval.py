"""`vendor-personnel-access-approval`: nobody of the vendor gets in without the customer's prior approval."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.access_sessions import Sessions
from checks.kernels.consent_precedes import ConsentPrecedes


class VendorPersonnelAccessApproval(Commitment):
    """Every session of the vendor lies inside the window of an approval that the customer granted before it."""

    kind: Literal["vendor-personnel-access-approval"]
    approvers: tuple[str, ...] = Field(
        min_length=1, description="the customer's organisations that may approve, as approvals and logs name them"
    )
    vendor_side: tuple[str, ...] = Field(
        default=(), description="further organisations whose staff and service roles count as the vendor's"
    )

    title: ClassVar[str] = "No access by vendor staff without approval"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("log_totals"),
        Need("access_events", required=False),
        Need("approvals", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "treat as a security incident; start the breach-notification workflow; revoke the access"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(a), 32(4)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.5.15, A.8.2",
        "SOC 2 CC6.1, CC6.3",
        "NIST SP 800-53 MA-5",
    )
    explanation: ClassVar[str] = (
        "A session keeps the promise if an approval by an organisation that the contract names was granted at or "
        "before its start, is for the object that was opened, and its window holds the session from start to end; "
        "both ends are inclusive. Service roles of the vendor are judged like people. An approval by the vendor, a "
        "later one, one for another object, or a session that ran past its window break it. A session is not proven "
        "either way while its end or the register of approvals is missing. Met needs a second count of the log "
        "'access_events', in log_totals, by a meter that is not the vendor. If that count and the log agree that no "
        "one of the vendor came in, the promise was not exercised."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"no access by vendor staff without prior approval of {' or '.join(self.approvers)}"

    def test(self) -> str:
        """Return what is matched."""
        return (
            "Matched every session of the vendor with an approval granted before it, for its object and for its whole "
            "length, full population, and reconciled the sessions with an independent count"
        )

    def kernel(self, scope: Scope) -> ConsentPrecedes:
        """Return the consent-precedes kernel over the access log."""
        sessions = Sessions(scope, self.approvers, self.vendor_side)
        return ConsentPrecedes(scope, sessions, register="approvals", without="no valid approval")


COMMITMENT = VendorPersonnelAccessApproval
