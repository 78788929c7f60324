"""Gathering alone as a Prefect flow: the only step that touches the world, kept in the locker for a later audit."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import pipeline, tasks
from flows.wiring import Request, prepare


@flow(name="gather", persist_result=False)
def gather(engagement: str, period: str | None = None, as_of: str | None = None) -> State[dict[str, int]]:
    """Gather every source of one engagement; ends as Gathered, or as Partial when a source could not be read."""
    prepared = prepare(Request(engagement, period, as_of=as_of))
    try:
        collected = pipeline.gather(prepared.engagement, prepared.run, tasks.gather)
    finally:
        pipeline.clear(prepared.run)
    cards = collected.gathered.cards
    whole = not collected.failed and all(card.complete for card in cards)
    counts = {"artefacts": len(cards), "rows": sum(card.rows for card in cards)}
    return Completed(name="Gathered" if whole else "Partial", data=counts)
