"""What the event of a breach starts: cases are opened or joined, for its run and for any that was left unanswered."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.answers import answer, unanswered
from flows.due import ledger_of
from flows.wiring import at_work


@flow(name="breach", persist_result=False, validate_parameters=True)
def breach(engagement: str, run: str = "", key: str = "") -> State[Any]:
    """Answer every breached run of the ledger; `run` and `key` say which one rang, and decide nothing."""
    at = at_work(engagement)
    waiting = unanswered(at.engagement, ledger_of(at.engagement))
    found = [case for each in waiting for case in answer(at.engagement, each, at.now())]
    rang = f"; rung for {key} of {run}" if run else ""
    if not found:
        return Completed(name="NothingNew", message=f"{len(waiting)} runs answered, no case{rang}")
    return Completed(name="Opened", message=f"{', '.join(dict.fromkeys(found))} wait for a decision{rang}")
