"""The steps of a case: in order, by two persons, about exactly one text; whatever is tried, and however often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.cases.case import Case, State, digest_of, person
from checks.cases.entry import (
    Acknowledged,
    Approved,
    Closing,
    Drafted,
    Entry,
    FactsStated,
    Joined,
    NotNotified,
    Reviewed,
    Sent,
    SetAside,
    Triage,
)
from checks.cases.step import AUTOMATIC
from evidence.errors import BadInput, StepRefused
from tests.checks.cases.story import START, approve, classified, draft, review, send, sighting, told

READY = (("Ann", classified()), ("Ann", draft()), ("Bob", review()), ("Bob", approve()))


def test_a_case_passes_through_its_states_in_order() -> None:
    case = told()
    seen = [case.state]
    for who, entry in (
        ("Ann", Triage()),
        *READY,
        ("Ann", send()),
        ("Ann", Acknowledged(notice="N-1", reference="ref 1", at=START)),
        ("Ann", draft("more is known", "N-2", supplements="N-1")),
        ("Bob", review("more is known", "N-2")),
        ("Bob", approve("more is known", "N-2")),
        ("Ann", send("more is known", "N-2")),
        ("Ann", Closing(reason="facts, effects and what was done")),
    ):
        case = told((who, entry), case=case)
        seen.append(case.state)
    assert seen == [
        State.OPENED,
        State.TRIAGE,
        State.CLASSIFIED,
        State.DRAFTED,
        State.REVIEWED,
        State.APPROVED,
        State.SENT,
        State.ACKNOWLEDGED,
        State.DRAFTED,
        State.REVIEWED,
        State.APPROVED,
        State.SUPPLEMENTED,
        State.CLOSED,
    ]


@pytest.mark.parametrize(
    "same", ["Ann", "ann", " ANN ", "\uff21nn", "\u0410nn", "A\u200bnn", "Ann\u3164", "\xc4nn", "A-n.n"]
)
@pytest.mark.parametrize("entry", [review(), approve()])
def test_whoever_drafted_neither_reviews_nor_approves(same: str, entry: Entry) -> None:
    case = told(("Ann", classified()), ("Ann", draft()), ("Bob", review()))
    with pytest.raises(StepRefused, match="DRAFTER"):
        told((same, entry), case=case)


@pytest.mark.parametrize(("one", "other"), [("Ann", "Anna"), ("राम", "रोम"), ("李明", "李月"), ("Ann 1", "Ann 2")])
def test_two_persons_are_told_apart(one: str, other: str) -> None:
    assert person(one) != person(other)


@pytest.mark.parametrize("none", ["", " ", "-", "\u3164", "\u0301"])
def test_what_has_no_letter_is_nobodys_name(none: str) -> None:
    with pytest.raises(BadInput, match="nobody is named"):
        told((none, classified()))


def test_whoever_drafted_an_earlier_text_cannot_approve_it_as_edited_by_another() -> None:
    case = told(("Ann", classified()), ("Ann", draft()), ("Bob", draft("edited")), ("Cleo", review("edited")))
    for name in ("Ann", "Bob"):
        with pytest.raises(StepRefused, match="DRAFTER"):
            told((name, approve("edited")), case=case)
    assert told(("Cleo", approve("edited")), case=case).state is State.APPROVED


def test_an_edit_ends_review_and_approval() -> None:
    case = told(*READY, ("Ann", draft("edited")))
    assert case.state is State.DRAFTED
    with pytest.raises(StepRefused, match="NOT_APPROVED"):
        told(("Ann", send("edited")), case=case)
    with pytest.raises(StepRefused):
        told(("Ann", send()), case=case)


def test_an_approval_of_the_text_before_is_refused() -> None:
    case = told(("Ann", classified()), ("Ann", draft()), ("Ann", draft("edited")), ("Bob", review("edited")))
    with pytest.raises(StepRefused, match="TEXT_CHANGED"):
        told(("Bob", approve()), case=case)


def test_a_draft_whose_digest_is_of_another_text_is_refused() -> None:
    with pytest.raises(StepRefused, match="TEXT_CHANGED"):
        told(("Ann", classified()), ("Ann", draft(sha256=digest_of("harmless"))))


@pytest.mark.parametrize("steps", [READY[:2], READY[:3]])
def test_nothing_is_sent_without_an_approval(steps: tuple[tuple[str, Entry], ...]) -> None:
    with pytest.raises(StepRefused, match="NOT_APPROVED"):
        told(*steps, ("Ann", send()))


def test_nothing_left_before_it_was_approved() -> None:
    case = told(*READY)
    approved = case.notices["N-1"].approved
    assert approved is not None
    with pytest.raises(StepRefused, match="NOT_APPROVED"):
        told(("Ann", send(at=approved.at - timedelta(minutes=1))), case=case)
    assert told(("Ann", send(at=approved.at)), case=case).state is State.SENT


def test_nobody_decides_in_the_name_of_the_program() -> None:
    for entry in (classified(), NotNotified(reason="no personal data")):
        with pytest.raises(StepRefused, match="NOT_A_PERSON"):
            told((AUTOMATIC.upper(), entry))


@pytest.mark.parametrize(
    "steps",
    [
        (("Ann", draft()),),
        (("Ann", Closing(reason="tired")),),
        (("Ann", classified()), ("Ann", Closing(reason="nobody was told"))),
        (("Ann", classified()), ("Ann", draft()), ("Bob", approve())),
        (("Ann", classified()), ("Ann", draft(notice="N-2"))),
        (("Ann", classified()), ("Ann", draft()), ("Ann", draft(notice="N-2", supplements="N-1"))),
        (("Ann", SetAside(name="aware", candidate=9, reason="no")),),
        ((" ", Triage()),),
        (*READY, ("Ann", send()), ("Ann", send())),
        (*READY, ("Ann", send()), ("Cleo", NotNotified(reason="on second thoughts"))),
        (*READY, ("Ann", send()), ("Ann", classified("nis2-final"))),
        (("Ann", NotNotified(reason="no risk")), ("Ann", Closing(reason="done")), ("Ann", Triage())),
        (("Ann", NotNotified(reason="no risk")), ("Ann", Closing(reason="done")), ("Ann", FactsStated(values={}))),
    ],
)
def test_steps_out_of_order_are_refused(steps: tuple[tuple[str, Entry], ...]) -> None:
    with pytest.raises(BadInput):
        told(*steps)


def test_not_notified_because_is_a_decision_that_ends_a_case() -> None:
    case = told(("Ann", NotNotified(reason="test data alone")), ("Ann", Closing(reason="nothing to do")))
    assert case.state is State.CLOSED


def test_what_a_decision_did_not_know_of_asks_for_another() -> None:
    decided = told(("Ann", NotNotified(reason="test data alone")))
    known = told(("probity (automatic)", Joined(origin=sighting("audit-2#RET"))), case=decided)
    fresh = told(("probity (automatic)", Joined(origin=sighting("audit-2#RET", marks=("record-2",)))), case=decided)
    assert known.state is State.NOT_NOTIFIED
    assert fresh.state is State.OPENED


PEOPLE = st.sampled_from(["Ann", "ann ", "Bob", "BOB", "Cleo", AUTOMATIC])
TEXTS = st.sampled_from(["one", "two", "one "])
NOTICES = st.sampled_from(["N-1", "N-1", "N-2"])
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.just(classified()),
    st.builds(draft, TEXTS, NOTICES),
    st.builds(review, TEXTS, NOTICES),
    st.builds(approve, TEXTS, NOTICES),
    st.builds(send, TEXTS, NOTICES),
    st.just(NotNotified(reason="no risk")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PEOPLE, ENTRIES), min_size=4, max_size=40))
def test_no_sequence_of_steps_sends_a_text_that_another_person_did_not_approve(
    tried: list[tuple[str, Entry]],
) -> None:
    case: Case = told(("Ann", classified()))
    went: list[tuple[str, Entry]] = []
    for who, entry in tried:
        try:
            case = told((who, entry), case=case)
        except (BadInput, StepRefused):
            continue
        went.append((who, entry))
        if isinstance(entry, Sent):
            _was_approved(went, entry)


def _was_approved(went: list[tuple[str, Entry]], sent: Sent) -> None:
    """Look only at what went through, and not at what the case says of itself."""
    of_notice = [
        (who, e) for who, e in went if isinstance(e, Drafted | Reviewed | Approved) and e.notice == sent.notice
    ]
    drafters = {person(who) for who, e in of_notice if isinstance(e, Drafted)}
    last = max(n for n, (_, e) in enumerate(of_notice) if isinstance(e, Drafted))
    text = of_notice[last][1]
    assert isinstance(text, Drafted)
    assert sent.sha256 == text.sha256 == digest_of(text.text)
    assert any(
        isinstance(e, Approved) and e.sha256 == text.sha256 and person(who) not in {*drafters, person(AUTOMATIC)}
        for who, e in of_notice[last:]
    )
