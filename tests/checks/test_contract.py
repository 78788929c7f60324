"""What a valid contract becomes."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.commitments import discover
from checks.commitments.data_residency import DataResidency
from checks.commitments.data_retention_limit import DataRetentionLimit
from checks.contract import load_contract
from checks.unchecked import UncheckedCommitment, catalogue
from evidence.errors import BadInput, ProbityError
from evidence.model import Assurance, Severity
from tests.checks.contract_example import EXAMPLE, load, only, problems, spot, varied

UNCHECKED = (
    "  AUD:\n    {kind: advisory-board-seat, clause: DPA §9, severity: major, notice: 30d, more: {who: [us, them]}}\n"
)


def test_the_published_example_loads():
    contract = load(EXAMPLE).contract
    assert contract.id == "msa-2025-114"
    assert contract.version == 3
    assert contract.term.start == date(2025, 11, 1)
    assert contract.documents["DPA"].file == "docs/dpa.pdf"


def test_clauses_are_typed_by_their_kind_and_keep_the_order_of_the_file():
    clauses = load(EXAMPLE).contract.commitments
    assert list(clauses) == ["RET-24H", "RES-EU"]
    assert isinstance(clauses["RET-24H"], DataRetentionLimit)
    assert isinstance(clauses["RES-EU"], DataResidency)
    assert clauses["RET-24H"].max_age.text == "24h"
    assert clauses["RET-24H"].severity is Severity.CRITICAL


def test_the_digest_is_of_the_files_own_bytes(tmp_path: Path):
    file = tmp_path / "contract.yaml"
    file.write_bytes(EXAMPLE.replace("\n", "\r\n").encode())
    loaded = load_contract(file)
    assert loaded.raw == file.read_bytes()
    assert loaded.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert loaded.reference.sha256 == loaded.sha256


def test_a_loaded_contract_cannot_be_changed():
    contract = load(EXAMPLE).contract
    with pytest.raises(ValidationError):
        contract.version = 4
    with pytest.raises(TypeError):
        contract.commitments["X"] = contract.commitments["RES-EU"]
    with pytest.raises(TypeError):
        contract.documents["X"] = contract.documents["DPA"]


def test_a_contract_survives_the_way_through_json():
    written = load(EXAMPLE).contract.as_json()
    assert written["term"] == {"from": "2025-11-01", "to": "2028-10-31"}
    assert written["commitments"]["RET-24H"]["max_age"] == "24h"
    assert written["commitments"]["RES-EU"]["allowed"] == "EU"


def test_a_company_name_with_a_comma_is_read_whole_and_quotes_are_suggested():
    loaded = load(EXAMPLE)
    assert loaded.contract.vendor.name == "Example AI, PBC"
    assert [(p.code, spot(p)) for p in loaded.problems] == [("C033", (6, 16))]
    assert 'name: "Example AI, PBC"' in loaded.problems[0].hint


def test_a_quoted_company_name_needs_no_warning():
    loaded = load(varied("Example AI, PBC", '"Example AI, PBC"'))
    assert loaded.contract.vendor.name == "Example AI, PBC"
    assert loaded.problems == ()


def test_a_name_with_two_commas_keeps_what_follows_it():
    text = varied("{name: Example AI, PBC}", "{name: A, B, C, lei: 5493001KJTIIGC8Y1R12}")
    assert load(text).contract.vendor.name == "A, B, C"
    assert load(text).contract.vendor.lei == "5493001KJTIIGC8Y1R12"


@pytest.mark.parametrize("tail", ["PBC: null", "PBC: ~", "PBC: x"])
def test_a_key_with_a_written_value_is_not_part_of_the_name(tail: str):
    assert only(varied("PBC}", f"{tail}}}"), "C011").message == "unknown key 'PBC'"


def test_an_empty_identifier_is_not_part_of_the_name():
    assert load(varied("Example AI, PBC", "Example AI, lei")).contract.vendor.name == "Example AI"


def test_the_country_code_no_stays_norway():
    clause = load(varied("allowed: EU ", "allowed: [NO, DE] ")).contract.commitments["RES-EU"]
    assert clause.allowed == ("NO", "DE")


def test_a_time_of_day_stays_text():
    clause = load(varied("quote: shall delete", "quote: 24:00")).contract.commitments["RET-24H"]
    assert clause.quote.startswith("24:00")


def test_a_known_kind_that_nothing_checks_loads_with_a_warning():
    loaded = load(EXAMPLE + UNCHECKED)
    clause = loaded.contract.commitments["AUD"]
    assert isinstance(clause, UncheckedCommitment)
    assert clause.kind == "advisory-board-seat"
    assert clause.severity is Severity.MAJOR
    warning = only(EXAMPLE + UNCHECKED, "C030")
    assert warning.warning
    assert "no_check" in warning.message


def test_the_terms_of_an_unchecked_clause_are_kept_and_frozen():
    clause = load(EXAMPLE + UNCHECKED).contract.commitments["AUD"]
    assert isinstance(clause, UncheckedCommitment)
    assert clause.terms["notice"] == "30d"
    assert clause.terms["more"]["who"] == ("us", "them")
    with pytest.raises(TypeError):
        clause.terms["notice"] = "1d"


def test_an_unchecked_clause_has_no_kernel():
    clause = load(EXAMPLE + UNCHECKED).contract.commitments["AUD"]
    with pytest.raises(ProbityError, match="no_check"):
        clause.kernel(None)


def test_every_kind_of_the_catalogue_may_stand_in_a_contract():
    lines = "".join(f"  K{i}: {{kind: {k}, clause: DPA 1, severity: minor}}\n" for i, k in enumerate(catalogue()))
    found = problems(EXAMPLE + lines)
    assert len(catalogue()) == 130
    assert {p.code for p in found if not p.warning} <= {"C012"}, "only checked kinds may ask for their own terms"
    assert sum(p.code == "C030" for p in found) == len(set(catalogue()) - set(discover()))


def test_a_minimum_of_assurance_is_read():
    clause = load(varied("    allowed: EU", "    minimum_assurance: audited\n    allowed: EU")).contract
    assert clause.commitments["RES-EU"].minimum_assurance is Assurance.AUDITED


def test_a_clause_from_an_unlisted_document_is_a_warning():
    warning = only(varied("clause: DPA §7.1", "clause: MSA §7.1"), "C031")
    assert warning.warning
    assert "'MSA'" in warning.message


def test_a_clause_in_force_outside_the_term_is_a_warning():
    text = varied("    allowed: EU", "    in_force: {from: 2025-10-31, to: 2026-01-01}\n    allowed: EU")
    assert only(text, "C032").warning
    assert problems(text.replace("2025-10-31", "2025-11-01")) == problems(EXAMPLE)


def test_a_mistyped_legal_entity_identifier_is_a_warning():
    assert only(varied("5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R21"), "C034").warning


def test_a_missing_file_says_what_to_do(tmp_path: Path):
    with pytest.raises(BadInput) as caught:
        load_contract(tmp_path / "contract.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("C001", 2)
    assert "probity init" in problem.hint


def test_a_folder_in_place_of_the_file_is_an_input_error(tmp_path: Path):
    with pytest.raises(BadInput):
        load_contract(tmp_path)
