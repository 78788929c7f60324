"""Nothing passes on emptiness (rule G3): a column without a value, and conditions that no record meets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from checks.judge import judge
from evidence.errors import ProbityError
from evidence.families.schema import Type
from evidence.model import Period, Status
from tests.metamorphic.desk import KINDS, Desk, base, cases, columns, in_files, needed
from tests.metamorphic.quick import QuickEngine
from tests.world import Rows, contract_of

#: Terms that choose what a clause speaks of, as against those that say who or what is allowed in it.
CHOOSING = {
    "caches", "endpoints", "lines", "log", "meter", "schedules", "scopes", "services", "signers", "systems", "tenants",
}  # fmt: skip
CHOSEN = [(kind, term) for kind in KINDS for term in sorted(CHOOSING & cases(kind)["terms"].keys())]
#: More days than any promise looks back or ahead.
FAR = 7300


def _without(kind: str, name: str, column: str) -> Rows:
    return base(kind) | {name: [row | {column: None} for row in base(kind)[name]]}


def _standing(kind: str) -> list[tuple[str, str]]:
    return [(n, c) for n, rows in base(kind).items() for c in needed(n) if any(r.get(c) is not None for r in rows)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_needed_column_that_is_null_in_every_row_is_never_met(kind: str, desk: Desk) -> None:
    assert [place for place in _standing(kind) if desk.status(kind, _without(kind, *place)) is Status.MET] == []


@pytest.mark.parametrize(("kind", "term"), CHOSEN)
def test_a_clause_about_what_no_record_speaks_of_is_never_met(kind: str, term: str, desk: Desk) -> None:
    stated = cases(kind)["terms"][term]
    other = ["of-this-name-there-is-nothing"] if isinstance(stated, list) else "of-this-name-there-is-nothing"
    period = Period.model_validate(cases(kind)["period"])
    tables, evidence = desk.evidence(in_files(base(kind)), period)
    as_of = datetime.fromisoformat(cases(kind)["as_of"])
    try:
        contract = contract_of(kind, cases(kind)["terms"] | {term: other})
    except ProbityError:
        # A word that the clause does not know is refused, and nothing is judged.
        return
    assert judge(contract, period, as_of, evidence, QuickEngine(tables)).findings[0].status is not Status.MET


@pytest.mark.parametrize("days", [-FAR, FAR])
@pytest.mark.parametrize("kind", KINDS)
def test_evidence_of_another_time_is_never_met(kind: str, days: int, desk: Desk) -> None:
    assert desk.status(kind, _moved(base(kind), days)) is not Status.MET


#: Where a clause names its systems itself, the contract wins over an inventory that leaves them out.
INVENTORIED = [kind for kind in KINDS if "system_inventory" in base(kind) and "systems" not in cases(kind)["terms"]]


@pytest.mark.parametrize("kind", INVENTORIED)
def test_an_inventory_with_nothing_in_scope_is_never_met(kind: str, desk: Desk) -> None:
    rows = base(kind)
    for row in rows["system_inventory"]:
        row["in_scope"] = False
    assert desk.status(kind, rows) is not Status.MET


def _moved(rows: Rows, days: int) -> Rows:
    """Return the same records, every instant and date of them so many days later."""
    for name, listed in rows.items():
        for row in listed:
            for column in columns(name, Type.INSTANT):
                if row.get(column) is not None:
                    row[column] = _later(row[column], days)
            for column in columns(name, Type.DATE):
                if row.get(column) is not None:
                    row[column] = (date.fromisoformat(row[column]) + timedelta(days=days)).isoformat()
    return rows


def _later(instant: str, days: int) -> Any:
    return (datetime.fromisoformat(instant).astimezone(UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z")
