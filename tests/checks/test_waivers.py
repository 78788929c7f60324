"""Accepted exceptions: two people, an end, a frozen value, and a status that never changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.waivers import AcceptedException, freeze, load_waivers, waive
from evidence.errors import BadInput
from evidence.model import Finding, Measure, Population, Severity, Status, WaiverState

FINDING = Finding(
    commitment="RET",
    kind="data-retention-limit",
    clause="DPA §1 p.1",
    severity=Severity.MAJOR,
    status=Status.BREACHED,
    because="one",
    population=Population(observed=9, ok=8, violation=1),
    measure=Measure(name="age", unit="s", limit="86400", worst="86401"),
)
JULY = datetime(2025, 7, 10, tzinfo=UTC)


def accepted(**changes: Any) -> AcceptedException:
    stated = {
        "commitment": "RET",
        "author": "Analyst",
        "approver": "CISO",
        "reason": "fixed on 3 July",
        "granted_on": "2025-07-01",
        "expires_on": "2025-12-31",
        "frozen": freeze(FINDING).as_json(),
    }
    return AcceptedException.model_validate(stated | changes)


def state(finding: Finding = FINDING, when: datetime = JULY, **changes: Any) -> WaiverState | None:
    waived = waive([finding], [accepted(**changes)], when, "waivers.yaml")[0].waived
    return waived.state if waived else None


def test_a_waiver_is_shown_and_the_status_stays() -> None:
    finding = waive([FINDING], [accepted()], JULY, "waivers.yaml")[0]
    assert (finding.status, finding.waived is not None) == (Status.BREACHED, True)


def test_it_holds_to_the_end_of_its_last_day_and_no_longer() -> None:
    assert state(when=datetime(2025, 12, 31, 23, 59, tzinfo=UTC)) is WaiverState.ACTIVE
    assert state(when=datetime(2026, 1, 1, tzinfo=UTC)) is WaiverState.EXPIRED


def test_it_does_not_reach_back_before_it_was_granted() -> None:
    assert state(when=datetime(2025, 6, 30, tzinfo=UTC)) is None
    assert state(when=datetime(2025, 7, 1, tzinfo=UTC)) is WaiverState.ACTIVE


def test_what_was_accepted_stands_beside_the_finding() -> None:
    waived = waive([FINDING], [accepted()], JULY, "waivers.yaml")[0].waived
    assert waived is not None
    assert waived.frozen == {k: v for k, v in freeze(FINDING).as_json().items() if v is not None}


@pytest.mark.parametrize(
    "worse",
    [
        {"population": Population(observed=9, ok=7, violation=2)},
        {"population": Population(observed=9, ok=7, violation=1, unknown=1)},
        {"measure": Measure(name="age", unit="s", limit="86400", worst="86401.000001")},
    ],
)
def test_it_reopens_when_the_measured_value_worsens(worse: dict[str, Any]) -> None:
    assert state(FINDING.model_copy(update=worse)) is WaiverState.REOPENED


def test_a_breach_reopens_what_was_accepted_as_a_doubt() -> None:
    doubt = freeze(FINDING.model_copy(update={"status": Status.UNPROVEN}))
    assert state(frozen=doubt.as_json()) is WaiverState.REOPENED


@pytest.mark.parametrize("approver", ["Analyst", " analyst "])
def test_nobody_approves_their_own_exception(approver: str) -> None:
    with pytest.raises(ValueError, match="must not be the author"):
        accepted(approver=approver)


def test_an_exception_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="expire after"):
        accepted(expires_on="2025-07-01")


def test_the_integrity_of_evidence_cannot_be_waived() -> None:
    broken = FINDING.model_copy(update={"kind": "evidence-bundle-signing"})
    with pytest.raises(BadInput, match="cannot be waived"):
        waive([broken], [accepted()], JULY, "waivers.yaml")


def test_a_waiver_of_nothing_is_a_mistake() -> None:
    with pytest.raises(BadInput, match="not a commitment"):
        waive([FINDING], [accepted(commitment="RES")], JULY, "waivers.yaml")


def test_a_kept_promise_needs_no_waiver() -> None:
    kept = FINDING.model_copy(update={"status": Status.MET})
    assert waive([kept], [accepted()], JULY, "waivers.yaml")[0].waived is None
    with pytest.raises(BadInput, match="needs no waiver"):
        freeze(kept)


def test_no_file_means_no_waivers(tmp_path: Path) -> None:
    assert load_waivers(tmp_path / "waivers.yaml") == ()


def test_mistakes_in_the_file_have_places(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text("probity: waivers/v1\nwaivers:\n  - {commitment: RET, autor: A}\n")
    with pytest.raises(BadInput, match=r"waivers.yaml:3:.*autor"):
        load_waivers(path)
