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
from tests.metamorphic.desk import KINDS, Desk, Files, base, broken, cases, columns, in_files, same_answer
from tests.metamorphic.measures import measure_of
from tests.metamorphic.test_damage import FEW
from tests.world import Rows, changed

SOME = settings(FEW, max_examples=3)
#: From what is kept and from what is broken; a breach has exhibits that must not change either.
EVIDENCE = pytest.mark.parametrize("evidence", [base, broken])
MEASURED = [kind for kind in KINDS if "boundary" in cases(kind)]


@EVIDENCE
@pytest.mark.parametrize("kind", KINDS)
@SOME
@given(data=st.data())
def test_order_files_repetition_and_offsets_change_nothing(
    kind: str, evidence: Callable[[str], Rows], desk: Desk, data: st.DataObject
) -> None:
    files = {name: data.draw(_rewritten(name, rows), label=name) for name, rows in evidence(kind).items()}
    assert same_answer(desk.audit(kind, files)) == same_answer(desk.audit(kind, in_files(evidence(kind))))


@st.composite
def _rewritten(draw: st.DrawFn, name: str, rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Draw the same rows in another order, over up to three files, some of them twice, with other offsets."""
    offset = st.integers(-14 * 60, 14 * 60)
    instants = columns(name, Type.INSTANT)
    turned = [
        row | {c: _at(row[c], draw(offset)) for c in instants if row.get(c)} for row in draw(st.permutations(rows))
    ]
    parts: list[list[dict[str, Any]]] = [[], [], []]
    for row in turned:
        parts[draw(st.integers(0, 2))] += [row] * draw(st.integers(1, 2))
    return [part for part in parts if part] or [[]]


def _at(instant: str, minutes: int) -> str:
    return datetime.fromisoformat(instant).astimezone(timezone(timedelta(minutes=minutes))).isoformat()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in base(kind)])
def test_records_repeated_in_another_file_change_nothing(kind: str, name: str, desk: Desk) -> None:
    rows = base(kind)
    files: Files = in_files(rows) | {name: [rows[name], [*rows[name], *rows[name]]]}
    assert same_answer(desk.audit(kind, files)) == same_answer(desk.audit(kind, in_files(rows)))


@pytest.mark.parametrize("kind", KINDS)
def test_columns_nobody_knows_change_nothing(kind: str, desk: Desk) -> None:
    more = {name: [row | {"note to self": 1, "Kind": "x"} for row in rows] for name, rows in base(kind).items()}
    assert same_answer(desk.audit(kind, in_files(more))) == same_answer(desk.audit(kind, in_files(base(kind))))


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
