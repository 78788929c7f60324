"""What follows from incidents: each counts once, periods end where the contract says, and no cent is rounded up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from checks.cases.case import Case
from checks.cases.entry import Cured, Joined, Opened
from checks.cases.fold import Written, step
from checks.cases.remedies import CureState, Ledger, RightState, ledgers
from checks.cases.remedy_file import Terms, load_remedies
from evidence.case_log import Head
from evidence.errors import BadInput
from tests.checks.cases.story import START, ZERO, approve, classified, draft, review, send, sighting, told

ZONE = ZoneInfo("Europe/Brussels")
DAY = timedelta(days=1)
TEXT = "notice of breach"
TERMS: dict[str, Any] = {
    "clause": "MSA §12.2",
    "cure": {"within": "30d", "begins": "notice"},
    "right": {"to": "terminate for cause", "incidents": 2, "window": "12mo", "exercise_within": "90d"},
    "credit": {"share": "2%", "fee": "100000.00 EUR", "step": "0.1", "rounding": "floor", "cap": "10%"},
}


def incident(name: str = "case-0001", at: datetime = START, **origin: Any) -> Case:
    stated = sighting(f"{name}#RET", commitment="RET", seen_at=at, **origin)
    entry = Opened(origin=stated, triage_hours=24)
    return step(None, entry, Written(name, Head(1, ZERO), at, "probity (automatic)"))


def ledger(*cases: Case, now: datetime = START + DAY, **changes: Any) -> Ledger:
    terms = Terms.model_validate({k: v for k, v in (TERMS | changes).items() if v is not None})
    (found,) = ledgers(cases, {"RET": terms}, now, ZONE)
    return found


def noticed(case: Case, at: datetime = START + timedelta(hours=1)) -> Case:
    """Return the case with its notice of breach sent."""
    return told(
        ("Ann", classified()),
        ("Ann", draft(TEXT, template="contract-breach")),
        ("Bob", review(TEXT)),
        ("Bob", approve(TEXT)),
        ("Ann", send(TEXT, at=at)),
        case=case,
    )


def test_what_two_audits_saw_is_one_incident() -> None:
    case = incident()
    again = sighting("audit-2#RET", commitment="RET", seen_at=START + DAY)
    (found,) = ledger(told(("probity (automatic)", Joined(origin=again)), case=case)).incidents
    assert (found.sightings, found.since) == (2, START)


def test_a_cure_period_begins_with_the_notice_and_not_before() -> None:
    (before,) = ledger(incident()).incidents
    (after,) = ledger(noticed(incident())).incidents
    assert before.cure is not None
    assert after.cure is not None
    assert (before.cure.state, before.cure.due) == (CureState.NOT_BEGUN, None)
    assert (after.cure.state, after.cure.due) == (CureState.RUNNING, START + timedelta(hours=1) + 30 * DAY)


@pytest.mark.parametrize(
    ("cured", "now", "state"),
    [
        (None, 30 * DAY, CureState.RUNNING),
        (None, 30 * DAY + timedelta(seconds=1), CureState.UNCURED),
        (30 * DAY, 40 * DAY, CureState.CURED),
        (30 * DAY + timedelta(seconds=1), 40 * DAY, CureState.UNCURED),
    ],
)
def test_the_last_instant_of_a_cure_period_belongs_to_it(
    cured: timedelta | None, now: timedelta, state: CureState
) -> None:
    sent = START + timedelta(hours=1)
    case = noticed(incident(), sent)
    if cured is not None:
        case = told(("Ann", Cured(at=sent + cured, reason="audited again")), case=case)
    (found,) = ledger(case, now=sent + now).incidents
    assert found.cure is not None
    assert found.cure.state is state


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (datetime(2027, 10, 23, 21, 59, 59, tzinfo=UTC), RightState.OPEN),
        (datetime(2027, 10, 23, 22, 0, 0, tzinfo=UTC), RightState.NOT_ARISEN),
    ],
)
def test_a_right_arises_with_the_second_incident_within_the_window(second: datetime, state: RightState) -> None:
    found = ledger(incident(), incident("case-0002", second), now=second + DAY)
    assert found.right is not None
    assert found.right.state is state


def test_a_right_lapses_when_nobody_exercises_it_and_arises_anew_with_another_incident() -> None:
    two = (incident(), incident("case-0002", START + 10 * DAY))
    last = START + 100 * DAY
    open_, lapsed = ledger(*two, now=last).right, ledger(*two, now=last + timedelta(seconds=1)).right
    anew = ledger(*two, incident("case-0003", START + 200 * DAY), now=START + 201 * DAY).right
    assert open_ is not None
    assert lapsed is not None
    assert anew is not None
    assert (open_.state, open_.lapses) == (RightState.OPEN, last)
    assert lapsed.state is RightState.LAPSED
    assert (anew.state, anew.arose) == (RightState.OPEN, START + 200 * DAY)


@pytest.mark.parametrize(("marks", "state"), [(("record-1",), CureState.CURED), (("record-2",), CureState.UNCURED)])
def test_a_cure_ends_with_violations_that_were_not_known_then(marks: tuple[str, ...], state: CureState) -> None:
    cured = told(("Ann", Cured(at=START + DAY, reason="audited again")), case=noticed(incident()))
    again = sighting("audit-2#RET", commitment="RET", seen_at=START + 20 * DAY, marks=marks)
    (found,) = ledger(told(("probity (automatic)", Joined(origin=again)), case=cured), now=START + 31 * DAY).incidents
    assert found.cure is not None
    assert found.cure.state is state


def test_a_right_from_uncured_breaches_waits_for_the_end_of_the_cure_period() -> None:
    right = {"to": "terminate", "uncured": True}
    case = noticed(incident(), START + timedelta(hours=1))
    during, after = (ledger(case, now=START + n * DAY, right=right).right for n in (30, 31))
    assert during is not None
    assert after is not None
    assert during.state is RightState.NOT_ARISEN
    assert (after.state, after.arose) == (RightState.OPEN, START + timedelta(hours=1) + 30 * DAY)
    cured = told(("Ann", Cured(at=START + 2 * DAY, reason="audited again")), case=case)
    never = ledger(cured, now=START + 31 * DAY, right=right).right
    assert never is not None
    assert never.state is RightState.NOT_ARISEN


@pytest.mark.parametrize("steps", range(1, 100))
def test_every_step_of_a_tenth_is_a_whole_step(steps: int) -> None:
    worst = f"{(999 - steps) // 10}.{(999 - steps) % 10}"
    for rounding in ("floor", "ceil", "pro_rata"):
        credit = {"share": "2%", "fee": "100000.00 EUR", "step": "0.1", "rounding": rounding}
        assert ledger(incident(limit="99.9", worst=worst), credit=credit).owed == steps * 2_000_00


@pytest.mark.parametrize(("rounding", "owed"), [("floor", 2_000_00), ("ceil", 4_000_00), ("pro_rata", 3_000_00)])
def test_a_part_of_a_step_counts_as_the_contract_says(rounding: str, owed: int) -> None:
    credit = {"share": "2%", "fee": "100000.00 EUR", "step": "0.1", "rounding": rounding}
    assert ledger(incident(limit="99.9", worst="99.75"), credit=credit).owed == owed


def test_a_credit_is_capped_rounded_down_and_added_over_incidents() -> None:
    assert ledger(incident(limit="99.9", worst="98.9")).owed == 10_000_00
    credit = {"share": "2.55%", "fee": "333.33 EUR"}
    assert ledger(incident(), incident("case-0002"), credit=credit).owed == 2 * 849


def test_a_credit_for_steps_without_a_measure_is_not_computed() -> None:
    found = ledger(incident())
    assert (found.incidents[0].owed, found.owed) == (None, 0)
    assert "measure" in found.incidents[0].why


@pytest.mark.parametrize(
    "wrong",
    [
        {"cure": {"within": "30"}},
        {"right": {"to": "terminate", "incidents": 2}},
        {"right": {"to": "terminate", "uncured": True}, "cure": None},
        {"credit": {"share": "2%", "fee": "100 EUR", "step": 0.1, "rounding": "floor"}},
        {"credit": {"share": "2%", "fee": "100 EUR", "step": "0.1"}},
        {"credit": {"share": "0.02", "fee": "100 EUR"}},
        {"clause": ""},
    ],
)
def test_terms_that_leave_something_open_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    from ruamel.yaml import YAML  # noqa: PLC0415

    path = tmp_path / "remedies.yaml"
    stated = {k: v for k, v in (TERMS | wrong).items() if v is not None}
    with path.open("w") as file:
        YAML(typ="safe", pure=True).dump({"probity": "remedies/v1", "remedies": {"RET": stated}}, file)
    with pytest.raises(BadInput, match=r"remedies\.yaml"):
        load_remedies(path)
