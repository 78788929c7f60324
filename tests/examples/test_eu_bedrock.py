"""The Bedrock example: what CloudTrail says about where inference ran, with every trap and without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples.engagements import audit_folder, load_generator

GENERATOR = load_generator("eu-bedrock")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    scratch = tmp_path_factory.mktemp("mixed")
    return audit_folder(GENERATOR.generate("mixed", scratch / "engagement"), scratch)


def test_every_clause_has_the_status_it_should(mixed: dict[str, Any]) -> None:
    assert tuple(f["status"] for f in mixed["findings"]) == GENERATOR.VARIANTS["mixed"]


def test_exactly_london_zurich_and_the_rerouted_call_break_residency(mixed: dict[str, Any]) -> None:
    residency = mixed["findings"][0]
    assert sorted(e["why"] for e in residency["exhibits"]) == ["CH (eu-central-2)", "GB (eu-west-2)", "US (us-east-2)"]


def test_the_unknown_region_and_the_missing_one_are_unknown(mixed: dict[str, Any]) -> None:
    assert mixed["findings"][0]["population"]["unknown"] == 2


def test_every_call_is_reconciled_with_the_gateway(mixed: dict[str, Any]) -> None:
    population = mixed["findings"][0]["population"]
    assert population["expected"] == population["observed"] == GENERATOR.CALLS_A_DAY * GENERATOR.DAYS + 8


def test_a_clause_that_nothing_checks_is_listed_and_unproven(mixed: dict[str, Any]) -> None:
    assert mixed["findings"][3]["reasons"] == ["no_check"]


def test_a_trail_that_stays_inside_is_met(tmp_path: Path) -> None:
    result = audit_folder(GENERATOR.generate("inside", tmp_path / "engagement"), tmp_path)
    assert tuple(f["status"] for f in result["findings"]) == GENERATOR.VARIANTS["inside"]
