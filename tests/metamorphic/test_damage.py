"""Evidence that is damaged or incomplete never proves a promise kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.families.schema import Type
from evidence.model import Status
from tests.metamorphic.desk import KINDS, Desk, base, broken, cases, columns, needed
from tests.world import Rows

FEW = settings(deadline=None, max_examples=6, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
FAMILIES = [(kind, name) for kind in KINDS for name in base(kind)]
CELLS = [(kind, name, column) for kind, name in FAMILIES for column in needed(name)]
INSTANTS = [(kind, name, column) for kind, name in FAMILIES for column in columns(name, Type.INSTANT)]


def _rows_with(kind: str, name: str, column: str) -> list[int]:
    """Return the rows of the base in which a value stands and decides something."""
    needless = cases(kind).get("needless", {}).get(name, {})
    return [i for i, row in enumerate(base(kind)[name]) if column not in needless.get(i, ()) and _stands(row, column)]


def _stands(row: dict[str, Any], column: str) -> bool:
    return row.get(column) is not None or column == "file_sha256"


def _drawn(cells: list[tuple[str, str, str]], kind: str) -> Any:
    places = [(c[1], c[2], i) for c in cells if c[0] == kind for i in _rows_with(*c)]
    return st.sampled_from(places)


def _with(kind: str, name: str, index: int, column: str, value: object) -> Rows:
    rows = base(kind)
    rows[name][index][column] = value
    return rows


def _zone_less(value: str) -> str:
    return value.removesuffix("Z")


@pytest.mark.parametrize(("kind", "name"), FAMILIES)
def test_a_family_that_is_absent_empty_or_not_reachable_is_never_met(kind: str, name: str, desk: Desk) -> None:
    absent = {other: rows for other, rows in base(kind).items() if other != name}
    assert desk.status(kind, absent) is not Status.MET
    assert desk.status(kind, base(kind) | {name: []}) is not Status.MET
    assert desk.status(kind, base(kind), failed=[name]) is not Status.MET


@pytest.mark.parametrize("kind", KINDS)
def test_no_evidence_at_all_is_never_met(kind: str, desk: Desk) -> None:
    assert desk.status(kind, {}) is Status.UNPROVEN
    assert desk.status(kind, {name: [] for name in base(kind)}) is Status.UNPROVEN


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_rows_days_or_systems_that_are_missing_are_never_met(kind: str, desk: Desk, data: st.DataObject) -> None:
    rows = base(kind)
    listed = [(name, i) for name in cases(kind)["indispensable"] for i in range(len(rows[name]))]
    drawn = [st.sets(st.sampled_from(listed), min_size=1), *map(st.just, _groups(rows, listed))]
    lost = data.draw(st.one_of(drawn), label="lost")
    left = {name: [r for i, r in enumerate(rows[name]) if (name, i) not in lost] for name in rows}
    assert desk.status(kind, left) is not Status.MET


def _groups(rows: Rows, listed: list[tuple[str, int]]) -> list[set[tuple[str, int]]]:
    """Return what a lost day or a lost system takes with it, family by family."""
    found: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for name, index in listed:
        row = rows[name][index]
        stated = [*(row.get(c) for c in columns(name, Type.INSTANT)[:1]), row.get("system_id"), row.get("activity")]
        for value in filter(None, stated):
            found.setdefault((name, value[:10] if value[:4].isdigit() else value), set()).add((name, index))
    return list(found.values())


@pytest.mark.parametrize("kind", KINDS)
@settings(FEW, max_examples=10)
@given(data=st.data())
def test_a_needed_value_that_is_null_blank_or_garbage_is_never_met(kind: str, desk: Desk, data: st.DataObject) -> None:
    value = data.draw(st.sampled_from([None, "", " ", {}, [1], [None], 0.5]), label="value")
    name, column, index = data.draw(_drawn(CELLS, kind), label="place")
    assert desk.status(kind, _with(kind, name, index, column, value)) is not Status.MET


@pytest.mark.parametrize("kind", KINDS)
@settings(FEW, max_examples=4)
@given(data=st.data())
def test_a_needed_column_that_is_missing_is_never_met(kind: str, desk: Desk, data: st.DataObject) -> None:
    name, column, _ = data.draw(_drawn(CELLS, kind), label="dropped")
    rows = base(kind)
    rows[name] = [{key: value for key, value in row.items() if key != column} for row in rows[name]]
    assert desk.status(kind, rows) is not Status.MET or column == "file_sha256"


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_an_instant_without_its_offset_is_never_met(kind: str, desk: Desk, data: st.DataObject) -> None:
    name, column, index = data.draw(_drawn(INSTANTS, kind), label="zone-less at")
    stripped = _zone_less(base(kind)[name][index][column])
    assert desk.status(kind, _with(kind, name, index, column, stripped)) is not Status.MET


@pytest.mark.parametrize("kind", KINDS)
def test_one_violating_record_is_a_breach_whatever_else_is_missing(kind: str, desk: Desk) -> None:
    assert desk.status(kind, broken(kind)) is Status.BREACHED
    touched = set(cases(kind)["violation"].get("add", {})) | set(cases(kind)["violation"].get("set", {}))
    for name in set(base(kind)) - touched:
        less = {other: rows for other, rows in broken(kind).items() if other != name}
        assert desk.status(kind, less) is Status.BREACHED, f"without {name}"
