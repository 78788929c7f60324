"""What is looked after between audits: the ledger and its witness, deadlines, messages, missed slots."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.states import Completed, Failed

from evidence.errors import ProbityError
from flows import notifying
from flows.deployments import scheduled_name
from flows.due import schedules_of
from flows.engagement import Engagement
from flows.watching import Looked, cosign, look
from flows.wiring import at_work, desk
from infra.turn import is_taken


@flow(name="witness", persist_result=False, validate_parameters=True)
def witness(engagement: str) -> State[Any]:
    """Examine the ledger as one history and have its head signed and cosigned; fails when it is not one history."""
    at = at_work(engagement)
    size = cosign(at.engagement, at.now())
    return Completed(name="OneHistory", message=f"{size} leaves, all of them signed")


@flow(name="tick", persist_result=False, validate_parameters=True)
def tick(engagement: str) -> State[Any]:
    """Look for missed slots and unanswered breaches, start what is to be caught up, and deliver messages.

    The outside monitor is told that all is well only when no slot is missed and nothing failed.
    """
    at = at_work(engagement)
    try:
        looked = look(at.engagement, at.now())
    except ProbityError as error:  # a store or a key that cannot be reached holds up no message
        looked = Looked(wrong=(str(error),))
    _catch_up(at.engagement, looked.behind, at.now())
    wrong = list(looked.wrong)
    if at.engagement.file.notify is not None:
        ticked = notifying.tick(desk(engagement), well=not wrong and not looked.missed)
        wrong += [f"{message} was given up: {why}" for message, why in ticked.delivered.dead.items()]
        wrong += [str(ticked.broken)] if ticked.broken else []
    if wrong:
        return Failed(name="Trouble", message="; ".join((*wrong, *looked.missed))[:2000])
    return Completed(name="Behind" if looked.missed else "AllWell", message=", ".join((*looked.missed, *looked.cases)))


def _catch_up(engagement: Engagement, behind: tuple[str, ...], now: datetime) -> None:
    """Start the audits of missed slots, each schedule once in the time of a retry, unless an audit is under way."""
    if is_taken(engagement.state):
        return
    every = schedules_of(engagement).retry.microseconds // 1_000_000
    for schedule in behind:
        name = scheduled_name(engagement.contract.id, schedule)
        key = f"{name}/{int(now.timestamp()) // every}"
        run_deployment(name, timeout=0, idempotency_key=key, as_subflow=False)
