"""The title is the finding: every mix of statuses has its sentence."""

from __future__ import annotations

import pytest

from evidence.model import Coverage, Measure, Population, Reason, Status
from flows.report import conclusion
from tests.flows.report.subjects import finding, residency, result, retention

MET, BREACHED, UNPROVEN = Status.MET, Status.BREACHED, Status.UNPROVEN
IDLE, OUT = Status.NOT_EXERCISED, Status.NOT_IN_FORCE


def several(*statuses: Status) -> list:
    return [finding(f"C-{n + 1}", status) for n, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([MET], "The only commitment was kept in June 2025"),
        ([MET, MET], "Both commitments were kept in June 2025"),
        ([MET] * 6, "All six commitments were kept in June 2025"),
        ([MET] * 13, "All 13 commitments were kept in June 2025"),
        ([MET, MET, IDLE], "Two of three commitments were kept in June 2025; one was not exercised"),
        ([MET, OUT], "The only commitment in force was kept in June 2025"),
        ([MET, MET, OUT], "Both commitments in force were kept in June 2025"),
        ([IDLE], "The only commitment was not exercised in June 2025"),
        ([IDLE, IDLE], "Neither commitment was exercised in June 2025"),
        ([OUT, OUT, OUT], "None of the three commitments was in force in June 2025"),
        ([UNPROVEN], "The only commitment is unproven: no valid evidence for C-1"),
        ([UNPROVEN, UNPROVEN, MET], "Two of three commitments are unproven: no valid evidence for C-1 and C-2"),
        ([UNPROVEN] * 5, "All five commitments are unproven: no valid evidence for C-1, C-2 and three more"),
        ([UNPROVEN, MET, OUT], "One of two commitments in force is unproven: no valid evidence for C-1"),
    ],
)
def test_the_title_says_what_was_found(statuses, expected) -> None:
    assert conclusion.title(result(*several(*statuses))) == expected


def test_one_late_record_is_told_to_the_second() -> None:
    title = conclusion.title(result(retention((1,), worst="86401"), residency()))
    assert title == "One of two commitments is breached: 1 record was kept past 24 h (worst 24:00:01)"


def test_a_breach_comes_before_what_is_unproven() -> None:
    title = conclusion.title(result(retention((30, 7), worst="124560"), *several(UNPROVEN, UNPROVEN)))
    assert title == (
        "One of three commitments is breached and two are unproven: 37 records were kept past 24 h (worst 34:36:00)"
    )


def test_several_breaches_name_their_commitments_and_count_the_rest() -> None:
    broken = [
        finding(f"RES-{n}", BREACHED, population=Population(observed=12_000, ok=11_997, violation=3)) for n in range(3)
    ]
    title = conclusion.title(result(retention((1,), worst="86401"), *broken))
    assert title == (
        "All four commitments are breached: 1 record was kept past 24 h (RET-24H, worst 24:00:01); "
        "3 of 12,000 items violate RES-0; and two more"
    )


def test_a_measure_that_is_no_age_is_given_in_its_unit() -> None:
    slow = finding(
        "SLA-P95",
        BREACHED,
        population=Population(observed=9, violation=2),
        measure=Measure(name="latency", unit="ms", limit="1200", worst="1875.5"),
    )
    assert conclusion.violation_text(slow, named=False) == (
        "2 records were beyond the limit of 1,200 ms (worst 1,875.5 ms)"
    )


def test_unproven_reasons_are_told_apart() -> None:
    stale = finding("ATT-SOC2", UNPROVEN, reasons=(Reason.STALE, Reason.INCOMPLETE_COVERAGE))
    title = conclusion.title(result(stale, finding("X", UNPROVEN, reasons=(Reason.NO_CHECK,))))
    assert title == "Both commitments are unproven: evidence out of date for ATT-SOC2; nothing tests this clause for X"


def test_what_was_kept_for_now_is_called_provisional() -> None:
    one = result(retention(provisional=True), residency())
    assert conclusion.title(one) == "Both commitments were kept in June 2025, one of them provisionally"
    only = result(retention(provisional=True))
    assert conclusion.title(only) == "The only commitment was kept in June 2025, provisionally"


def test_the_lede_never_counts_unproven_as_met() -> None:
    lede = conclusion.lede(result(retention((1,)), residency(), *several(UNPROVEN)))
    assert "Unproven, and never counted as met: C-1 (no valid evidence)." in lede
    assert lede.endswith("The other was met.")


def test_the_lede_accounts_for_every_commitment() -> None:
    lede = conclusion.lede(result(*several(UNPROVEN, MET, MET, IDLE, OUT)))
    assert lede == "C-1 is unproven. Of the others, two were met, one was not exercised and one was not in force."


def test_the_lede_of_a_kept_contract_says_why() -> None:
    lede = conclusion.lede(result(retention(), residency()))
    assert lede.startswith("Every one of 240,559 records was deleted within 24 h")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (retention((1,), worst="86401"), "1 record passed the 24 h limit, the worst by 1 s"),
        (retention((37,), worst="124560"), "37 records passed the 24 h limit, the worst by 10.6 h"),
        (retention(), "No record passed the 24 h limit; the worst reached 23:59:59"),
        (retention(worst="90000"), "No record passed the 24 h limit without permission"),
    ],
)
def test_a_histogram_is_headed_by_its_number(given, expected) -> None:
    assert conclusion.histogram_heading(given) == expected


def test_the_coverage_heading_counts_the_gaps() -> None:
    rows = [Coverage(subject=str(n), covered=n > 0) for n in range(3)]
    assert conclusion.coverage_heading(rows) == "Evidence falls short for 1 of 3 systems, activities and documents"
    assert conclusion.coverage_heading(rows[1:]) == "Evidence covers all 2 systems, activities and documents"
    assert conclusion.coverage_heading(rows[:1]) == "Evidence falls short of what it must cover"
