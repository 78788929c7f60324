"""Verifies every stored bundle of the ledger's completed runs again; one that fails is an alert."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.watching import reverified
from flows.wiring import at_work


@flow(name="reverify", persist_result=False, validate_parameters=True)
def reverify(engagement: str) -> State[Any]:
    """Verify what was sealed, as a reader would today; ends as Verified, or fails and names what does not verify."""
    at = at_work(engagement)
    wrong = reverified(at.engagement, at.now())
    if wrong:
        listed = "; ".join(f"{name}: {why}" for name, why in wrong.items())
        return Failed(name="Integrity", message=f"{len(wrong)} bundles do not verify: {listed}"[:2000])
    return Completed(name="Verified", message="every bundle that the ledger knows of verifies")
