"""`audit-log-availability`: the customer gets the whole log of its usage: what was asked, by whom and when."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.reconcile_counts import LogComplete
from checks.terms import Exact

LogField = Literal[
    "event_id",
    "seq_no",
    "occurred_at",
    "actor",
    "actor_type",
    "action",
    "resource",
    "request_id",
    "model",
    "region_code",
    "outcome",
    "prev_hash",
    "response",
]


class AuditLogAvailability(Commitment):
    """Every request that the customer's own meter counted is in the log, whole and in an unbroken sequence."""

    kind: Literal["audit-log-availability"]
    required: tuple[LogField, ...] = Field(min_length=1, description="what every event must state")
    meter: str = Field(min_length=1, description="who counts the requests independently of the log, such as gateway")
    tolerance: int = Field(ge=0, description="events by which log and meter may differ over the period; 0 is none")
    actions: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="actions that the meter counts; left out, every event of the log"
    )
    actor_types: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="types of actor that say who; left out, any that is not shared"
    )
    deliver_within: Exact | None = Field(
        default=None, description="how soon the log must come when asked for; exactly that long is in time"
    )

    title: ClassVar[str] = "The usage log is complete"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("audit_log"),
        Need("usage_totals"),
        Need("access_events", required=False),
        Need("log_requests", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "controls that depend on the log become unproven; cure notice")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(h)",
        "Regulation (EU) 2024/1774 12",
        "AI Act 26(6)",
        "ISO/IEC 27001:2022 A.8.15",
        "SOC 2 CC7.2",
    )
    explanation: ClassVar[str] = (
        "A required field that an event leaves out, a hole in the sequence numbers between two events of the period, "
        "and a hash that is not the previous event's break the promise. What cannot be read is unknown. The count "
        "must equal the named meter's in every interval, within the stated tolerance over the whole period: a log of "
        "the console without the interface, or one that was kept for a shorter time than the period, is smaller than "
        "the meter; two counted events of one request do not make up for another. An actor behind whom many may "
        "stand, such as a service account, says who only if the contract accepts its type. Accesses known from "
        "elsewhere must be in the log. The hash chain cannot vouch for the actor, whose name is a token in the "
        "evidence. How long the log itself may hold prompts is the retention clause's matter."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"every request logged with {', '.join(self.required)}".replace("_", " ")

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Looked for empty fields, holes in the sequence and broken links over the full population, and reconciled "
            f"the number of events with {self.meter}"
        )

    def kernel(self, scope: Scope) -> LogComplete:
        """Return the kernel that judges the log."""
        return LogComplete(
            scope,
            tuple(self.required),
            self.meter,
            self.tolerance,
            self.actions or (),
            self.actor_types or (),
            self.deliver_within,
        )


COMMITMENT = AuditLogAvailability
