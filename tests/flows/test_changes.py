"""What counts as worse from one audit to the next, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.model import Assurance, Finding, Measure, Population, Status, WaiverState
from flows.changes import ClauseChange, clause_changes
from tests.flows.export import subjects

MET, BREACHED, UNPROVEN = Status.MET, Status.BREACHED, Status.UNPROVEN


def finding(status: Status, **changes: Any) -> Finding:
    return subjects.finding(status, **({"commitment": "C", "waived": None} | changes))


def change(was: Finding | None, now: Finding | None) -> ClauseChange:
    other = subjects.bare(MET)
    before, after = (subjects.result(other, *([f] if f else [])) for f in (was, now))
    return next(c for c in clause_changes(before, after) if c.commitment != other.commitment)


def measured(worst: str) -> Measure:
    return Measure(name="age", unit="s", limit="86400", worst=worst)


def waived(state: WaiverState) -> Any:
    given = subjects.finding(BREACHED).waived
    assert given is not None
    return given.model_copy(update={"state": state})


WORSE = {
    "kept became breached": (finding(MET), finding(BREACHED)),
    "kept became unproven": (finding(MET), finding(UNPROVEN)),
    "unproven became breached": (finding(UNPROVEN), finding(BREACHED)),
    "not exercised became breached": (finding(Status.NOT_EXERCISED), finding(BREACHED)),
    "more violations": (
        finding(BREACHED, population=Population(violation=1)),
        finding(BREACHED, population=Population(violation=2)),
    ),
    "more unknown records": (
        finding(UNPROVEN, population=Population(unknown=1)),
        finding(UNPROVEN, population=Population(unknown=2)),
    ),
    "a worse measure": (finding(BREACHED, measure=measured("90000")), finding(BREACHED, measure=measured("90001"))),
    "weaker assurance": (finding(MET), finding(MET, assurance=Assurance.ATTESTED)),
    "a waiver that ended": (
        finding(BREACHED, waived=waived(WaiverState.ACTIVE)),
        finding(BREACHED, waived=waived(WaiverState.EXPIRED)),
    ),
    "a new clause that is breached": (None, finding(BREACHED)),
    "a new clause that is unproven": (None, finding(UNPROVEN)),
    "a clause that is gone": (finding(MET), None),
}
NOT_WORSE = {
    "breached became met": (finding(BREACHED), finding(MET), "better"),
    "breached became unproven": (finding(BREACHED), finding(UNPROVEN), "better"),
    "fewer violations": (
        finding(BREACHED, population=Population(violation=2)),
        finding(BREACHED, population=Population(violation=1)),
        "better",
    ),
    "met became not exercised": (finding(MET), finding(Status.NOT_EXERCISED), "changed"),
    "a larger measure within the limit": (
        finding(MET, measure=measured("100")),
        finding(MET, measure=measured("86400")),
        "changed",
    ),
    "a new clause that is met": (None, finding(MET), "changed"),
    "an earlier edition that has had its time": (finding(MET, commitment="C@1"), None, "changed"),
    "nothing": (finding(BREACHED), finding(BREACHED), "same"),
}


@pytest.mark.parametrize("what", WORSE)
def test_it_is_worse_and_says_why(what: str) -> None:
    found = change(*WORSE[what])
    assert (found.direction, bool(found.why)) == ("worse", True)


@pytest.mark.parametrize("what", NOT_WORSE)
def test_it_is_not_worse(what: str) -> None:
    was, now, direction = NOT_WORSE[what]
    assert change(was, now).direction == direction


def test_every_fact_that_differs_is_listed() -> None:
    found = change(finding(MET), finding(MET, because="another", provisional=False))
    assert {(f.fact, f.old, f.new) for f in found.facts} == {
        ("because", "because", "another"),
        ("provisional", "true", "false"),
    }
