"""Silence proves nothing while something was not heard; what was seen proves a breach all the same."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from checks.commitment import Scope, micros
from checks.commitments import discover
from checks.silences import silences_of
from evidence.model import Period, Reason, Status
from tests.metamorphic.desk import KINDS, TORN, Desk, base, broken, cases, contract
from tests.metamorphic.quick import QuickEngine
from tests.world import VENDOR, audit_rows, changed, contract_of


def _silent(kind: str) -> set[str]:
    """Return the families on whose silence a violation of a kind may rest, by its kernel's own word."""
    whole = cases(kind)
    scope = Scope(
        period=Period.model_validate(whole["period"]),
        as_of=micros(datetime.fromisoformat(whole["as_of"])),
        vendor=VENDOR,
        customer=("Acme Bank SE",),
        services=("api",),
    )
    return {name for s in silences_of(contract(kind).commitments["P"].kernel(scope)) for name in s.families}


RESTING = [
    pytest.param(kind, case, name, id=f"{kind}: {case['name']}, {name}")
    for kind in KINDS
    for case in cases(kind)["cases"]
    for name in case.get("rests_on", ())
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_shows_every_silence_that_a_kind_relies_on(kind: str) -> None:
    shown = {name for case in cases(kind)["cases"] for name in case.get("rests_on", ())}
    assert shown == _silent(kind) <= {need.family for need in discover()[kind].needs}


@pytest.mark.parametrize(("kind", "case", "name"), RESTING)
def test_a_violation_that_rests_on_silence_is_unproven_where_a_line_cannot_be_read(
    kind: str, case: dict[str, Any], name: str, tmp_path: Path
) -> None:
    whole, rows = cases(kind), changed(base(kind), case["change"])
    finding = audit_rows(
        tmp_path,
        contract_of(kind, whole["terms"] | case.get("terms", {})),
        rows | {name: [*rows.get(name, ()), TORN]},
        Period.model_validate(case.get("period", whole["period"])),
        datetime.fromisoformat(case.get("as_of", whole["as_of"])),
        engine=QuickEngine,
    )
    assert (finding.status, Reason.UNREADABLE_ROWS in finding.reasons) == (Status.UNPROVEN, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_violation_that_was_seen_stands_whatever_else_was_not_heard(kind: str, desk: Desk) -> None:
    failed = sorted(set(broken(kind)) - _silent(kind))
    assert desk.status(kind, broken(kind), failed=failed) is Status.BREACHED


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_nobody_can_read_proves_nothing_in_either_direction(kind: str, desk: Desk) -> None:
    rows = base(kind)
    for listed in rows.values():
        listed[0] = TORN
    assert desk.status(kind, rows) is Status.UNPROVEN
