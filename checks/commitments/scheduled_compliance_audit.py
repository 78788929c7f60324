"""`scheduled-compliance-audit`: the customer's own audits run on schedule, and no hour goes unaudited."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.slot_interval import SlotInterval
from checks.terms import Exact

ScheduleName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class ScheduledComplianceAudit(Commitment):
    """Slots of every schedule lie at most `max_gap` apart and were all run; another rhythm takes another clause."""

    kind: Literal["scheduled-compliance-audit"]
    max_gap: Exact = Field(description="the longest time between two slots, such as 24h for daily or 31d for monthly")
    schedules: tuple[ScheduleName, ...] = Field(min_length=1, description="schedules that must run at this rhythm")

    title: ClassVar[str] = "Audits run on schedule"
    needs: ClassVar[tuple[Need, ...]] = (Need("audit_runs"),)
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "internal control finding")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(h)",
        "DORA 28(6)",
        "DORA 30(3)(e)",
        "ISO/IEC 27001:2022 A.5.35",
        "SOC 2 CC4.1",
    )
    explanation: ClassVar[str] = (
        "This promise is the customer's own. Each slot needs one completed run, or a documented catch-up: a completed "
        "run for the same slot after one that failed, or the status `caught_up`. A completed run counts only with a "
        "window that lies behind it and a bundle of its own; without a bundle, or with the digest of nothing, its "
        "collectors may have returned nothing. Windows of successive runs must join: a gap between them was never "
        "audited and breaks the promise, an overlap that no catch-up explains leaves it unproven, and so does a run "
        "that completed with errors. Slots further apart than the rhythm mean that one was skipped without a trace."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{', '.join(self.schedules)} audited at least every {self.max_gap.text}, no hour left out"

    def test(self) -> str:
        """Return what is compared."""
        return "Compared every slot of each schedule with the one before, its run, its bundle and its evidence window"

    def kernel(self, scope: Scope) -> SlotInterval:
        """Return the interval kernel over this clause's schedules."""
        return SlotInterval(scope, self.max_gap, self.schedules)


COMMITMENT = ScheduledComplianceAudit
