"""What probes have seen that should not have been there, remembered for every later audit whose period it falls into.

A sighting is stated with its own times, except that nothing is seen after the audit's instant: what is there at one
moment was there at every one since it was made.
"""

from __future__ import annotations

from evidence.model import instant_text
from infra.probe_round import Round
from infra.probe_state import ProbeState, Sighting

MOST = 1000


def remember(state: ProbeState, sighting: Sighting) -> None:
    """Keep a sighting, among the newest thousand."""
    state.keep(sightings=(*state.kept.sightings, sighting)[-MOST:])


def restate(at: Round, state: ProbeState) -> None:
    """Add the rows of every sighting of one test: content that was there, and a deletion that was none."""
    told = [one for one in state.kept.sightings if one.test == at.name]
    at.found |= {"sightings": [one.model_dump(mode="json") for one in told]}
    for one in told:
        seen = min(one.seen, at.gathering.instant)
        since = one.captured if one.deleted is None else one.deleted
        if seen <= since:
            continue
        content = {"system_id": one.system, "record_id": one.record, "content_class": one.content_class}
        times = {"captured_at": instant_text(one.captured), "snapshot_at": instant_text(seen)}
        at.add("data_lifecycle", content | times)
        if one.deleted is not None:
            deleted, systems = instant_text(one.deleted), [one.system]
            asked = {"request_id": one.record, "submitted_at": deleted, "completed_at": deleted, "systems": systems}
            found = {"searched_at": instant_text(seen), "searched_systems": systems, "found_systems": systems}
            at.add("deletion_requests", asked | found)
