"""What an editor is told about contract files."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from checks.schema import contract_schema
from checks.unchecked import catalogue
from checks.yaml12 import read_yaml
from tests.checks.contract_example import EXAMPLE, varied


@pytest.fixture(scope="module")
def editor() -> Draft202012Validator:
    return Draft202012Validator(contract_schema())


def complaints(editor: Draft202012Validator, text: str) -> list[tuple[object, ...]]:
    return [tuple(e.absolute_path) for e in editor.iter_errors(read_yaml(text.encode(), "f").data)]


def test_the_schema_is_valid_itself(editor: Draft202012Validator):
    Draft202012Validator.check_schema(editor.schema)
    assert editor.schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_published_example_is_valid_in_an_editor(editor: Draft202012Validator):
    assert complaints(editor, EXAMPLE) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("max_age: 24h", "max_age: 24", ("commitments", "RET-24H", "max_age")),
        ("allowed: EU ", "allowed: Norway ", ("commitments", "RES-EU", "allowed")),
        ("unless:", "unles:", ("commitments", "RET-24H")),
        ("    severity: critical\n", "", ("commitments", "RES-EU")),
        ("kind: data-residency", "kind: data-residancy", ("commitments", "RES-EU", "kind")),
        ("  RES-EU:", "  9 EU:", ("commitments",)),
        ("1b52" * 16, "1b52…", ("documents", "DPA", "sha256")),
        ("PBC}", "PBC: x}", ("vendor", "PBC")),
        ("version: 3", "version: '3'", ("version",)),
    ],
)
def test_an_editor_refuses_what_lint_refuses(editor: Draft202012Validator, old, new, where):
    assert where in complaints(editor, varied(old, new))


def test_a_wrong_term_is_one_complaint_and_not_one_for_every_kind(editor: Draft202012Validator):
    assert len(complaints(editor, varied("max_age: 24h", "max_age: 24"))) == 1


def test_an_editor_offers_every_kind_of_the_catalogue(editor: Draft202012Validator):
    clause = editor.schema["properties"]["commitments"]["additionalProperties"]
    assert set(clause["properties"]["kind"]["enum"]) >= set(catalogue())


def test_a_clause_that_nothing_checks_may_have_any_terms(editor: Draft202012Validator):
    text = EXAMPLE + "  AUD: {kind: advisory-board-seat, clause: DPA 1, severity: minor, whatever: [1]}\n"
    assert complaints(editor, text) == []
