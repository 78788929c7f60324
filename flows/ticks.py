"""What is looked after between audits: the ledger and its witness, missed slots, and breaches nobody answered."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.states import Completed

from flows.answers import answer, unanswered
from flows.deployments import scheduled_name
from flows.due import ledger_of, schedules_of, standings
from flows.watching import cosign
from flows.wiring import at_work


@flow(name="witness", persist_result=False, validate_parameters=True)
def witness(engagement: str) -> State[Any]:
    """Examine the ledger as one history and have its head signed and cosigned; fails when it is not one history."""
    at = at_work(engagement)
    size = cosign(at.engagement)
    return Completed(name="OneHistory", message=f"{size} leaves, all of them signed")


@flow(name="tick", persist_result=False, validate_parameters=True)
def tick(engagement: str) -> State[Any]:
    """Answer breaches whose event was lost, and start the audits of slots that were missed.

    Each missed slot is tried at most once an hour; which periods are audited, the started flow finds out by itself.
    """
    at = at_work(engagement)
    opened, now = at.engagement, at.now()
    for run in unanswered(opened, ledger_of(opened)):
        get_run_logger().info("run %s: %s", run.completed.run, ", ".join(answer(opened, run, now)) or "no case")
    behind = {s.schedule.name: s for s in standings(opened, now) if s.missed(now)}
    most = schedules_of(opened).catch_up
    for name, standing in behind.items():
        if any(filled in standing.due(most) for filled in standing.missed(now)):
            key = f"{opened.contract.id}/{name}/{now:%Y-%m-%dT%H}"
            run_deployment(scheduled_name(opened.contract.id, name), timeout=0, idempotency_key=key, as_subflow=False)
    if behind:
        return Completed(name="Behind", message=f"slots were missed: {', '.join(behind)}")
    return Completed(name="OnTime")
