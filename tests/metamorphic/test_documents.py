"""A document counts only for what it is, whole and signed; for every kind whose base rests on documents."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks.terms import add_months
from evidence.families.schema import Type
from evidence.model import Status
from tests.metamorphic.desk import KINDS, Desk, base, columns

#: What a swapped document says instead; a column that the base leaves out says nothing there.
OTHERS: dict[str, object] = {
    "holder_entity": "Other Ltd",
    "services": ["other"],
    "kind": "brochure",
    "report_type": "1",
    "edition": "2005",
    "criteria": ["marketing"],
    "assertions": ["quality"],
    "opinion": "adverse",
    "status": "withdrawn",
}
DOCUMENTS = [
    pytest.param(kind, index, id=f"{kind}: {row['document_id']}")
    for kind in KINDS
    for index, row in enumerate(base(kind).get("documents", ()))
]
STATED = [
    pytest.param(kind, index, column, id=f"{kind}: {row['document_id']}, {column}")
    for kind in KINDS
    for index, row in enumerate(base(kind).get("documents", ()))
    for column in OTHERS
    if column in row
]


def _swapped(kind: str, index: int, values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    rows = base(kind)
    rows["documents"][index] |= values
    return rows


@pytest.mark.parametrize(("kind", "index", "column"), STATED)
def test_a_document_about_something_else_is_never_met(kind: str, index: int, column: str, desk: Desk) -> None:
    assert desk.status(kind, _swapped(kind, index, {column: OTHERS[column]})) is not Status.MET


@pytest.mark.parametrize("years", [-8, 8])
@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_a_document_of_another_time_is_never_met(kind: str, index: int, years: int, desk: Desk) -> None:
    row = base(kind)["documents"][index]
    moved = {
        column: add_months(date.fromisoformat(row[column]), 12 * years).isoformat()
        for column in columns("documents", Type.DATE)
        if row.get(column)
    }
    assert desk.status(kind, _swapped(kind, index, moved)) is not Status.MET


@pytest.mark.parametrize("signature", ["none", "invalid", "unknown-signer"])
@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_a_document_without_a_good_signature_is_never_met(kind: str, index: int, signature: str, desk: Desk) -> None:
    assert desk.status(kind, _swapped(kind, index, {"signature": signature})) is not Status.MET


@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_a_document_with_an_altered_byte_or_without_its_file_is_never_met(kind: str, index: int, desk: Desk) -> None:
    file = base(kind)["documents"][index]["file"]
    assert desk.status(kind, base(kind), tamper=[file]) is not Status.MET
    assert desk.status(kind, base(kind), lose=[file]) is not Status.MET


@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_a_document_is_believed_by_its_own_digest_only(kind: str, index: int, desk: Desk) -> None:
    assert desk.status(kind, _swapped(kind, index, {"file_sha256": "0" * 64})) is not Status.MET
    assert desk.status(kind, _swapped(kind, index, {"file": None})) is not Status.MET
