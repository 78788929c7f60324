"""`breach-notification`: the vendor tells of every incident in time, and reports on it in time and in full."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import MeasureSpec, Silence
from checks.kernels.deadline import Deadline, denial
from checks.kernels.incident_timeline import DENIED, IncidentTimeline, Leg, particulars
from checks.terms import SECOND, Exact


class BreachNotification(Commitment):
    """A notice arrives within `notify_within` of the vendor's awareness and a full report within `report_within`."""

    kind: Literal["breach-notification"]
    notify_within: Exact = Field(description="from the vendor's awareness to the customer's receipt: 24h; inclusive")
    report_within: Exact = Field(description="from the vendor's awareness to a complete report: 72h; inclusive")
    particulars: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="what a report must state; left out, what GDPR Article 33(3) lists"
    )

    title: ClassVar[str] = "Incidents are notified and reported in time"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("incidents", required=False),
        Need("notices", required=False),
        Need("documents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "PLAYBOOK",
        "none stated for lateness itself; the breach workflow starts, and the customer's own 72 h to its regulator run "
        "from the customer's awareness",
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(f)",
        "GDPR 33(2)-(4)",
        "DORA 30(2)(f), 30(3)(b)",
        "ISO/IEC 27001:2022 A.5.24-A.5.26",
        "SOC 2 CC7.3-CC7.5",
    )
    explanation: ClassVar[str] = (
        "The clock starts when the vendor first knew, not when it had confirmed, and stops when the notice reached the "
        "customer. Where the vendor does not say when it knew, the earliest evidence of it can prove a notice late, "
        "and only one within the limit of the occurrence itself counts as in time. An incident known from somebody "
        "else and never notified breaks the promise. A report counts from the day on which every particular had been "
        "stated. No incident at all is not exercised only if the vendor signed that there was none on any day of the "
        "period (a negative statement with `no_incident`); such a statement beside an incident contradicts it."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"incidents notified within {self.notify_within.text}, reported within {self.report_within.text}"

    def test(self) -> str:
        """Return what is recomputed."""
        return (
            "Recomputed the time from the vendor's awareness to the customer's receipt for every incident known from "
            "anybody, and compared the particulars of every report with those due"
        )

    def kernel(self, scope: Scope) -> Deadline:
        """Return the deadline kernel over both things due after an incident."""
        due = (
            Leg("notice", self.notify_within, measured=True),
            Leg("report", self.report_within, particulars(self.particulars)),
        )
        return Deadline(
            scope,
            IncidentTimeline(scope, due).obligations(),
            noun="notices and reports",
            measure=MeasureSpec("time to notice", "s", self.notify_within.microseconds, SECOND),
            denial=denial(scope, "no_incident"),
            denied=DENIED,
            silences=(Silence(("notices",)),),
            bounds=("first_at", "last_at"),
        )


COMMITMENT = BreachNotification
