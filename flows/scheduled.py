"""What a schedule starts: the audits of its slots that the ledger lacks, oldest first, one at a time per contract.

Whoever starts this flow is an alarm clock and no more. Started late, twice or again after a crash, it audits the
periods of the slots that have come and that no run completed, and each once.
"""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from evidence.errors import ProbityError
from evidence.model import instant_text
from flows import alerts
from flows.audit import audit
from flows.due import schedules_of, standing
from flows.resume import resume
from flows.wiring import Request, at_work, reopen
from infra.schedules import Slot
from infra.turn import turn


@flow(name="scheduled", persist_result=False, validate_parameters=True)
def scheduled(engagement: str, schedule: str) -> State[Any]:
    """Audit every slot of a schedule that is due and open; ends as NothingDue, or as the last of its audits."""
    at = at_work(engagement)
    with turn(at.engagement.state):
        _finish(engagement)
        slots = standing(at.engagement, schedule, at.now()).due(schedules_of(at.engagement).catch_up)
        ended = [_one(engagement, filled.slot) for filled in slots]
    failed = [state for state in ended if not state.is_completed()]
    if failed:
        return Failed(message=f"{len(failed)} of {len(ended)} audits failed: {failed[-1].message or failed[-1].name}")
    if not ended:
        return Completed(name="NothingDue", message=f"every slot of {schedule} is filled")
    return Completed(name=ended[-1].name, message=ended[-1].message)


def _finish(engagement: str) -> None:
    """Finish runs that were interrupted while they were sealed: their slots are then filled, and not audited twice."""
    opened = reopen(Request(engagement))
    try:
        for audited in resume(opened.engagement, opened.sealer, opened.now, lambda _: None):
            alerts.audited(opened.engagement, audited, opened.now())
            get_run_logger().info("finished what was interrupted: %s", audited.bundle)
    except ProbityError as error:  # it does not keep today's audit from being made
        get_run_logger().warning("an interrupted run cannot be finished: %s", error)


def _one(engagement: str, slot: Slot) -> State[Any]:
    start, end = instant_text(slot.period.start), instant_text(slot.period.end)
    named = audit.with_options(flow_run_name=f"{slot.schedule} {slot.at:%Y-%m-%d %H:%M}Z")
    state: State[Any] = named(engagement, start=start, end=end, return_state=True)
    return state
