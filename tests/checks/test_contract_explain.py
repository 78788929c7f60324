"""What a commitment is said to require."""

from __future__ import annotations

import pytest

from checks.commitments import discover
from checks.explain import WORTH, explain, explain_kind
from checks.unchecked import UncheckedCommitment
from evidence.errors import BadInput
from evidence.model import Assurance, Status
from tests.checks.contract_example import EXAMPLE, load, varied


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_clause_is_explained_with_its_place_its_words_and_its_evidence():
    text = words(explain(load(EXAMPLE).contract, "RET-24H"))
    assert "DPA §4.2 p.7 (Data Processing Addendum v3)" in text
    assert '"shall delete Inputs and Outputs within twenty-four (24) hours"' in text
    assert "prompt and output records deleted within 24h" in text
    assert "data_lifecycle (needed): when each record" in text
    assert "consents (helps)" in text
    assert "2025-11-01 to 2028-10-31" in text


def test_every_status_and_every_worth_is_explained():
    text = explain(load(EXAMPLE).contract, "RES-EU")
    assert all(f"  {status.value}: " in text for status in Status)
    assert all(f"  {level.value}: {WORTH[level]}" in text for level in Assurance)


def test_a_demanded_minimum_is_said():
    contract = load(varied("    allowed: EU", "    minimum_assurance: audited\n    allowed: EU")).contract
    assert "at least audited" in explain(contract, "RES-EU")
    assert "at least" not in explain(contract, "RET-24H")


def test_a_clauses_own_days_are_cut_to_the_term():
    text = varied("    allowed: EU", "    in_force: {from: 2025-01-01, to: 2026-01-31}\n    allowed: EU")
    assert "2025-11-01 to 2026-01-31" in explain(load(text).contract, "RES-EU")


def test_an_unchecked_clause_is_never_said_to_be_met():
    text = explain(load(EXAMPLE + "  AUD: {kind: advisory-board-seat, clause: X, severity: minor}\n").contract, "AUD")
    assert "no_check" in text
    assert "  met: " not in text


def test_an_unknown_commitment_is_refused_with_the_nearest_name():
    with pytest.raises(BadInput, match="did you mean 'RET-24H'"):
        explain(load(EXAMPLE).contract, "RET-42H")


@pytest.mark.parametrize("kind", sorted(discover()))
def test_a_kind_is_explained_with_its_terms(kind: str):
    declared = discover()[kind]
    text = words(explain_kind(kind, declared))
    own = [name for name in declared.model_fields if name not in UncheckedCommitment.model_fields]
    assert own
    assert all(f"{name} (required)" in text or f"{name} (optional)" in text for name in own)
