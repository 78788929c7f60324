"""The clocks of a case: from the earliest candidate that nobody set aside, afresh after every step."""

from __future__ import annotations

from datetime import timedelta

from checks.cases.case import Case
from checks.cases.clocks import CONTRADICTED, Clock, deadlines, running
from checks.cases.entry import Anchored, Entry, Joined, NotNotified, SetAside
from tests.checks.cases.story import START, approve, classified, draft, review, send, sighting, told


def clock(case: Case, name: str) -> Clock:
    return next(c for c in running(case) if c.name == name)


def anchor(stated: str, name: str = "aware") -> Entry:
    return Anchored(name=name, stated=stated, basis="the vendor's engineer said so")


def test_triage_runs_until_a_person_decides() -> None:
    case = told()
    assert clock(case, "triage").due == START + timedelta(hours=24)
    assert running(told(("Ann", NotNotified(reason="test data")), case=case)) == ()
    assert [c.name for c in running(told(("Ann", classified()), case=case))] == ["gdpr-33"]


def test_awareness_is_by_default_when_it_was_found() -> None:
    assert clock(told(("Ann", classified())), "gdpr-33").due == START + timedelta(hours=72)


def test_an_earlier_candidate_moves_a_deadline_earlier_by_itself_and_a_later_one_does_not() -> None:
    case = told(("Ann", classified()), ("Ann", anchor("2026-10-25T00:00:00Z")))
    assert clock(case, "gdpr-33").due == START + timedelta(hours=72)
    earlier = told(("Ann", anchor("2026-10-23T06:00:00Z")), case=case)
    assert clock(earlier, "gdpr-33").started == START - timedelta(hours=10, minutes=30)
    assert clock(earlier, "gdpr-33").due == START + timedelta(hours=61, minutes=30)


def test_only_a_person_with_a_reason_moves_it_later_and_the_candidate_stays_in_sight() -> None:
    case = told(("Ann", classified()), ("Ann", anchor("2026-10-23T06:00:00Z")))
    later = told(("Cleo", SetAside(name="aware", candidate=3, reason="a false alarm of another system")), case=case)
    assert clock(later, "gdpr-33").due == START + timedelta(hours=72)
    found = next(c for c in later.candidates if c.seq == 3)
    assert found.set_aside is not None
    assert found.set_aside.who == "Cleo"


def test_a_missing_anchor_is_shown_as_missing() -> None:
    found = clock(told(("Ann", classified("dora-final", "contract-notice", contract_hours=24))), "dora-final")
    assert (found.due, found.standing) == (None, "anchor_missing")


def test_the_vendors_clock_runs_from_the_vendors_awareness_and_never_from_ours() -> None:
    case = told(("Ann", classified("contract-notice", contract_hours=24)))
    assert clock(case, "contract-notice").standing == "anchor_missing"
    stated = told(("Ann", anchor("2026-10-23T06:00:00Z", "vendor_aware")), case=case)
    assert clock(stated, "contract-notice").due == START + timedelta(hours=13, minutes=30)


def test_where_every_candidate_is_set_aside_another_clock_asks_for_the_anchor_until_it_is_stated() -> None:
    aside = ("Ann", SetAside(name="aware", candidate=1, reason="a false alarm"))
    case = told(("Ann", classified("gdpr-33", "dora-initial", zone="UTC")), aside)
    asking = clock(case, "anchor")
    assert (asking.started, asking.due) == (START + timedelta(minutes=2), START + timedelta(hours=24, minutes=2))
    assert "gdpr-33 (aware)" in asking.basis
    stated = told(("Ann", anchor("2026-10-23T06:00:00Z")), case=case)
    assert [c.name for c in running(stated)] == ["gdpr-33", "dora-initial"]


def test_candidates_that_were_set_aside_before_the_decision_leave_no_case_silent() -> None:
    aside = ("Ann", SetAside(name="aware", candidate=1, reason="a false alarm"))
    case = told(aside, ("Ann", classified()))
    assert clock(case, "anchor").started == START + timedelta(minutes=2)
    assert running(told(("Ann", NotNotified(reason="a false alarm")), case=case)) == ()


def test_a_case_that_waits_for_the_vendors_statement_alone_asks_for_it() -> None:
    case = told(("Ann", classified("contract-notice", contract_hours=24)))
    assert clock(case, "anchor").started == START + timedelta(minutes=1)
    beside = told(("Ann", classified("contract-notice", "gdpr-33", contract_hours=24)), case=case)
    assert [c.name for c in running(beside)] == ["contract-notice", "gdpr-33"]


def test_the_clock_that_asks_starts_once_the_last_other_one_ended() -> None:
    case = told(("Ann", classified("contract-notice", "gdpr-33", contract_hours=24)))
    notice = (("Ann", draft()), ("Bob", review()), ("Bob", approve()), ("Ann", send()))
    assert clock(told(*notice, case=case), "anchor").started == START + timedelta(minutes=5)


def test_the_vendors_notice_ends_the_vendors_clock() -> None:
    case = told(("Ann", classified("contract-notice", "gdpr-33", contract_hours=24)))
    came = told(("probity (automatic)", Joined(origin=sighting("notice-9", kind="notice"))), case=case)
    assert [c.name for c in running(came)] == ["gdpr-33"]


def test_each_dora_report_starts_the_clock_of_the_next() -> None:
    case = told(("Ann", classified("dora-initial", "dora-intermediate", "dora-final")))
    assert clock(case, "dora-initial").due == START + timedelta(hours=4, minutes=1)
    text = "initial"
    case = told(("Ann", draft(text, template="dora-initial")), ("Bob", review(text)), ("Bob", approve(text)), case=case)
    case = told(("Ann", send(text, at=START + timedelta(hours=2))), case=case)
    assert {c.name for c in running(case)} == {"dora-intermediate", "dora-final"}
    assert clock(case, "dora-intermediate").due == START + timedelta(hours=74)
    assert clock(case, "dora-final").standing == "anchor_missing"


def test_the_final_report_is_due_from_the_latest_update_and_not_from_the_first() -> None:
    case = told(("Ann", classified("dora-final", zone="UTC")))
    for day in ("2026-10-20", "2026-10-22"):
        case = told(("Ann", anchor(f"{day}T12:00:00Z", "latest_intermediate")), case=case)
    due = clock(case, "dora-final").due
    assert due is not None
    assert due.date().isoformat() >= "2026-11-22"


def test_a_death_makes_fifteen_days_ten() -> None:
    case = told(("Ann", classified("ai-act-73", zone="UTC")))
    worse = told(("Ann", classified("ai-act-73", zone="UTC", circumstances=["death"])), case=case)
    before, after = clock(case, "ai-act-73").due, clock(worse, "ai-act-73").due
    assert before is not None
    assert before - timedelta(days=5) == after


def test_what_contradicts_itself_is_shown_and_due_from_the_earliest_of_it() -> None:
    case = told(("Ann", classified("dora-initial")), ("Ann", anchor("2026-10-22T00:00:00Z", "classified")))
    (due,) = deadlines(case)
    assert (due.status, due.due_utc) == (CONTRADICTED, "2026-10-22T04:00:00Z")
    assert due.basis.startswith("--anchor classified: lies before aware; until that is corrected: ")


def test_the_earliest_candidate_is_found_in_the_zone_in_which_the_deadline_is_computed() -> None:
    stated = [("Ann", anchor(each, "aware")) for each in ("2026-10-22T23:00:00Z", "2026-10-23")]
    (due,) = deadlines(told(("Ann", classified("gdpr-33", countries=("BE",))), *stated))
    assert (due.tz, due.started, due.due_utc) == ("Europe/Brussels", "2026-10-22T22:00:00Z", "2026-10-25T22:00:00Z")


def test_discovery_is_by_default_the_earliest_awareness_and_says_so() -> None:
    (due,) = deadlines(told(("Ann", classified("ca-1798.82"))))
    assert due.started == "2026-10-23T16:30:00Z"
    assert any("discovered is taken from aware" in text for text in due.assumptions)
