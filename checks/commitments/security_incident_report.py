"""`security-incident-report`: a detailed report follows every incident, in time and without blanks."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import MeasureSpec, Silence
from checks.kernels.deadline import Deadline, denial
from checks.kernels.incident_timeline import DENIED, IncidentTimeline, Leg, particulars
from checks.terms import SECOND, Exact


class SecurityIncidentReport(Commitment):
    """A report with every particular arrives within `report_within` of the vendor's awareness."""

    kind: Literal["security-incident-report"]
    report_within: Exact = Field(description="from the vendor's awareness to a complete report: 10d; inclusive")
    particulars: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="what a report must state; left out, what GDPR Article 33(3) lists"
    )

    title: ClassVar[str] = "A detailed report follows every incident"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("incidents", required=False),
        Need("notices", required=False),
        Need("documents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "escalation to the vendor's management; demand the missing particulars"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(f)",
        "GDPR 33(3)-(5)",
        "DORA 30(2)(f)",
        "ISO/IEC 27001:2022 A.5.26-A.5.27",
        "SOC 2 CC7.4-CC7.5",
    )
    explanation: ClassVar[str] = (
        "A report counts from the moment at which every particular had been stated and a report had reached the "
        "customer; a particular such as `cause: TBD` is not stated. Particulars may come in phases. The clock starts "
        "when the vendor first knew of the incident. A report whose contents are not on record leaves the promise "
        "unproven. No incident is not exercised only if the vendor signed that there was none on any day of the period."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"a complete incident report within {self.report_within.text}"

    def test(self) -> str:
        """Return what is recomputed."""
        return (
            "Recomputed for every incident when the last particular of its report had reached the customer, counted "
            "from the vendor's awareness"
        )

    def kernel(self, scope: Scope) -> Deadline:
        """Return the deadline kernel over the reports due."""
        report = Leg("report", self.report_within, particulars(self.particulars), measured=True)
        return Deadline(
            scope,
            IncidentTimeline(scope, (report,)).obligations(),
            noun="reports",
            measure=MeasureSpec("time to complete report", "s", self.report_within.microseconds, SECOND),
            denial=denial(scope, "no_incident"),
            denied=DENIED,
            silences=(Silence(("notices",)),),
            bounds=("first_at", "last_at"),
        )


COMMITMENT = SecurityIncidentReport
