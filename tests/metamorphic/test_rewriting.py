"""What says the same in another way gives the same finding, whole; what contradicts never passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.kernel import MeasureSpec
from checks.terms import decimal_units
from evidence.families.schema import Type
from evidence.model import Reason, Status
from tests.metamorphic import known
from tests.metamorphic.desk import KINDS, Desk, Files, base, broken, cases, columns, in_files, same_answer
from tests.metamorphic.measures import measure_of
from tests.metamorphic.test_damage import FEW
from tests.world import Rows, changed

SOME = settings(FEW, max_examples=4)
#: From what is kept and from what is broken; a breach has exhibits that must not change either.
EVIDENCE = pytest.mark.parametrize("evidence", [base, broken])
MEASURED = [kind for kind in KINDS if "boundary" in cases(kind)]


@EVIDENCE
@pytest.mark.parametrize("kind", KINDS)
@SOME
@given(data=st.data())
def test_the_order_of_rows_and_their_split_into_files_change_nothing(
    kind: str, evidence: Callable[[str], Rows], desk: Desk, data: st.DataObject
) -> None:
    files = {name: data.draw(_split(rows), label=name) for name, rows in evidence(kind).items()}
    assert same_answer(desk.audit(kind, files)) == same_answer(desk.audit(kind, in_files(evidence(kind))))


@st.composite
def _split(draw: st.DrawFn, rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    shuffled = draw(st.permutations(rows))
    places = [draw(st.integers(0, 2)) for _ in shuffled]
    parts = [[row for row, place in zip(shuffled, places, strict=True) if place == part] for part in range(3)]
    return [part for part in parts if part] or [[]]


@EVIDENCE
@pytest.mark.parametrize("kind", KINDS)
@SOME
@given(data=st.data())
def test_a_record_repeated_in_its_file_changes_nothing(
    kind: str, evidence: Callable[[str], Rows], desk: Desk, data: st.DataObject
) -> None:
    rows = evidence(kind)
    name = data.draw(st.sampled_from(sorted(rows)), label="family")
    repeated = data.draw(st.lists(st.sampled_from(rows[name]), min_size=1, max_size=3), label="repeated")
    twice = rows | {name: [*rows[name], *repeated]}
    assert same_answer(desk.audit(kind, in_files(twice))) == same_answer(desk.audit(kind, in_files(rows)))


def _elsewhere() -> list[Any]:
    reason = "a document listed in two files has two artefacts and so two versions"
    marked = pytest.mark.xfail(strict=True, reason=reason)
    return [
        pytest.param(kind, name, marks=[marked] if name == "documents" and kind in known.REPEATED_ELSEWHERE else [])
        for kind in KINDS
        for name in base(kind)
    ]


@pytest.mark.parametrize(("kind", "name"), _elsewhere())
def test_records_repeated_in_another_file_change_nothing(kind: str, name: str, desk: Desk) -> None:
    rows = base(kind)
    files: Files = in_files(rows) | {name: [rows[name], [*rows[name], *rows[name]]]}
    assert same_answer(desk.audit(kind, files)) == same_answer(desk.audit(kind, in_files(rows)))


@EVIDENCE
@pytest.mark.parametrize("kind", KINDS)
@SOME
@given(minutes=st.lists(st.integers(-14 * 60, 14 * 60), min_size=1, max_size=5))
def test_the_same_instants_with_other_offsets_change_nothing(
    kind: str, evidence: Callable[[str], Rows], desk: Desk, minutes: list[int]
) -> None:
    rows, turn = evidence(kind), 0
    for name, listed in rows.items():
        for row in listed:
            for column in columns(name, Type.INSTANT):
                if row.get(column):
                    row[column] = _at(row[column], minutes[turn % len(minutes)])
                    turn += 1
    assert same_answer(desk.audit(kind, in_files(rows))) == same_answer(desk.audit(kind, in_files(evidence(kind))))


def _at(instant: str, minutes: int) -> str:
    return datetime.fromisoformat(instant).astimezone(timezone(timedelta(minutes=minutes))).isoformat()


@EVIDENCE
@pytest.mark.parametrize("kind", KINDS)
def test_columns_nobody_knows_change_nothing(kind: str, evidence: Callable[[str], Rows], desk: Desk) -> None:
    more = {name: [row | {"note to self": 1, "Kind": "x"} for row in rows] for name, rows in evidence(kind).items()}
    assert same_answer(desk.audit(kind, in_files(more))) == same_answer(desk.audit(kind, in_files(evidence(kind))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_contradicts_breaks_the_promise_or_leaves_it_open(kind: str, desk: Desk) -> None:
    finding = desk.audit(kind, in_files(changed(base(kind), cases(kind)["contradiction"])))
    assert finding.status is Status.BREACHED or (
        finding.status is Status.UNPROVEN and Reason.CONTRADICTED in finding.reasons
    )


@pytest.mark.parametrize("kind", MEASURED)
def test_the_limit_itself_is_kept_and_one_step_beyond_it_is_not(kind: str, desk: Desk) -> None:
    spec, edge = measure_of(kind), cases(kind)["boundary"]
    assert isinstance(spec, MeasureSpec)
    for place, status, worst in (("on", Status.MET, spec.limit), ("beyond", Status.BREACHED, spec.limit + 1)):
        finding = desk.audit(kind, in_files(changed(base(kind), edge[place])))
        assert finding.status is status
        assert finding.measure is not None
        assert finding.measure.worst == decimal_units(worst, spec.scale), f"cases.yaml: boundary.{place} is not there"
