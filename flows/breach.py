"""What the event of a breach starts: cases are opened or joined, for its run and for any that was left unanswered."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.watching import answer_all
from flows.wiring import at_work


@flow(name="breach", persist_result=False, validate_parameters=True)
def breach(engagement: str, run: str = "", key: str = "") -> State[Any]:
    """Answer every breached run of the ledger; `run` and `key` say which one rang, and decide nothing."""
    at = at_work(engagement)
    cases, wrong = answer_all(at.engagement, at.now())
    rang = f"; rung for {key} of {run}" if run else ""
    if wrong:
        listed = "; ".join(f"{name}: {why}" for name, why in wrong.items())
        return Failed(name="Integrity", message=f"bundles do not verify, and opened no case: {listed}{rang}"[:2000])
    if not cases:
        return Completed(name="NothingNew", message=f"no case waits for a first look{rang}")
    return Completed(name="Opened", message=f"{', '.join(cases)} wait for a decision{rang}")
