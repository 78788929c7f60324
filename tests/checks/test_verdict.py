"""The status function alone: every rule, and the order in which they outrank each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kernel import Reach
from checks.tally import Tally
from checks.verdict import Decision, Facts, decide
from evidence.model import Assurance, Reason, Status, roll_up

CLEAN = Tally(ok=3)


def facts(
    tally: Tally = CLEAN,
    reach: Reach | None = None,
    gaps: frozenset[Reason] = frozenset(),
    judged: bool = True,
    assurance: Assurance = Assurance.ATTESTED,
    minimum: Assurance | None = None,
) -> Facts:
    return Facts(tally, reach or Reach(), gaps, judged, assurance, minimum)


def test_complete_and_clean_is_met() -> None:
    assert decide(facts()) == Decision(Status.MET, (), Assurance.ATTESTED)


def test_what_rests_on_a_backward_looking_document_is_met_provisionally() -> None:
    decision = decide(facts(reach=Reach(provisional=True)))
    assert decision == Decision(Status.MET, (), Assurance.ATTESTED, provisional=True)


def test_one_violation_is_a_breach_whatever_is_missing() -> None:
    missing = Reach(gaps=frozenset({Reason.INCOMPLETE_COVERAGE}))
    tally = Tally(ok=3, violation=1, unknown=9, reasons=frozenset({"unreadable_rows"}))
    decision = decide(facts(tally, missing, frozenset({Reason.NO_EVIDENCE})))
    assert decision == Decision(Status.BREACHED, (), Assurance.ATTESTED)


def test_an_engine_that_disagrees_proves_nothing_in_either_direction() -> None:
    assert decide(facts(Tally(violation=1), judged=False)).reasons == (Reason.ENGINE_ERROR,)
    assert decide(facts(judged=False)).status is Status.UNPROVEN


def test_no_rows_is_unproven_never_met() -> None:
    assert decide(facts(Tally())) == Decision(Status.UNPROVEN, (Reason.EMPTY_POPULATION,))


def test_only_excused_rows_are_an_empty_population() -> None:
    assert decide(facts(Tally(excused=5))).reasons == (Reason.EMPTY_POPULATION,)


def test_only_open_rows_are_not_yet_due() -> None:
    assert decide(facts(Tally(open=5))).reasons == (Reason.NOT_YET_DUE,)


def test_a_trigger_that_did_not_occur_is_not_exercised_and_never_met() -> None:
    decision = decide(facts(Tally(), Reach(not_exercised=True)))
    assert decision == Decision(Status.NOT_EXERCISED, (), Assurance.ATTESTED)


def test_a_trigger_that_is_not_evidenced_is_unproven() -> None:
    silent = Reach(not_exercised=True, gaps=frozenset({Reason.NO_EVIDENCE}))
    assert decide(facts(Tally(), silent)).status is Status.UNPROVEN


def test_reasons_are_listed_once_in_the_published_order() -> None:
    tally = Tally(ok=1, unknown=2, reasons=frozenset({"contradicted", "unreadable_rows"}))
    decision = decide(facts(tally, Reach(gaps=frozenset({Reason.CONTRADICTED, Reason.STALE}))))
    assert decision.reasons == (Reason.STALE, Reason.UNREADABLE_ROWS, Reason.CONTRADICTED)


def test_unknown_rows_give_their_own_reasons_and_without_any_they_are_unreadable() -> None:
    stale = Tally(ok=1, unknown=1, reasons=frozenset({"stale"}))
    assert decide(facts(stale)).reasons == (Reason.STALE,)
    assert decide(facts(Tally(ok=1, unknown=1))).reasons == (Reason.UNREADABLE_ROWS,)


@pytest.mark.parametrize("worth", [Assurance.CLAIMED, Assurance.ATTESTED])
def test_evidence_below_the_contracts_minimum_does_not_count(worth: Assurance) -> None:
    decision = decide(facts(assurance=worth, minimum=Assurance.AUDITED))
    assert decision.reasons == (Reason.UNTRUSTED_EVIDENCE,)


def test_a_statement_below_the_contracts_minimum_does_not_show_that_nothing_was_exercised() -> None:
    quiet = Reach(not_exercised=True)
    decision = decide(facts(Tally(), quiet, assurance=Assurance.ATTESTED, minimum=Assurance.AUDITED))
    assert decision == Decision(Status.UNPROVEN, (Reason.UNTRUSTED_EVIDENCE,))


def test_evidence_at_the_contracts_minimum_counts() -> None:
    assert decide(facts(assurance=Assurance.AUDITED, minimum=Assurance.AUDITED)).status is Status.MET


COUNTS = st.integers(0, 3)
REASONS = st.frozensets(st.sampled_from(list(Reason)), max_size=3)


@given(
    tally=st.builds(Tally, ok=COUNTS, violation=COUNTS, unknown=COUNTS, open=COUNTS, excused=COUNTS),
    gaps=REASONS,
    more=REASONS,
    judged=st.booleans(),
    not_exercised=st.booleans(),
)
def test_met_needs_an_agreeing_engine_no_gap_no_unknown_no_violation_and_something_kept(
    tally: Tally, gaps: frozenset[Reason], more: frozenset[Reason], judged: bool, not_exercised: bool
) -> None:
    decision = decide(facts(tally, Reach(gaps=gaps, not_exercised=not_exercised), more, judged))
    perfect = judged and not gaps and not more and not tally.unknown and not tally.violation and tally.ok > 0
    assert (decision.status is Status.MET) == perfect
    assert (decision.status is Status.BREACHED) == (judged and tally.violation > 0)
    assert bool(decision.reasons) == (decision.status is Status.UNPROVEN)


def test_the_roll_up_prefers_the_worse_answer() -> None:
    order = [Status.BREACHED, Status.UNPROVEN, Status.MET, Status.NOT_EXERCISED, Status.NOT_IN_FORCE]
    for place, status in enumerate(order):
        assert roll_up(order[place:]) is status
