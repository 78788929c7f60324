"""Scenario SC-01: the finance firm's June 2025 and every breaching variant that concerns the kinds that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples.engagements import audit_folder, load_generator

GENERATOR = load_generator("finance-firm")
#: Enough requests for every day and system; the demo runs all 48,112.
REQUESTS = 600


@pytest.mark.parametrize("variant", sorted(GENERATOR.VARIANTS))
def test_every_variant_gives_the_statuses_of_the_scenario(variant: str, tmp_path: Path) -> None:
    folder = GENERATOR.generate(variant, tmp_path / "engagement", REQUESTS)
    findings = audit_folder(folder, tmp_path)["findings"]
    assert tuple(f["status"] for f in findings) == GENERATOR.VARIANTS[variant][1]


def test_the_late_record_is_the_first_exhibit_with_its_age(tmp_path: Path) -> None:
    folder = GENERATOR.generate("late-trace", tmp_path / "engagement", REQUESTS)
    retention: dict[str, Any] = audit_folder(folder, tmp_path)["findings"][0]
    assert retention["measure"] == {"name": "age", "unit": "s", "limit": "86400", "worst": "86401"}
    assert retention["population"]["violation"] == 1
    assert retention["exhibits"][0]["record"] == "app-trace/req-000000"
    assert retention["exhibits"][0]["measure"] == "86401"


def test_a_contradicted_attestation_is_shown_beside_the_log_that_beats_it(tmp_path: Path) -> None:
    folder = GENERATOR.generate("trained-on", tmp_path / "engagement", REQUESTS)
    training = audit_folder(folder, tmp_path)["findings"][1]
    assert {e["outcome"] for e in training["exhibits"]} == {"violation", "ok"}
    assert "training-attestation/attestation-2025" in {e["record"] for e in training["exhibits"]}


def test_the_compliant_month_is_provisional_only_where_the_report_looks_back(tmp_path: Path) -> None:
    folder = GENERATOR.generate("compliant", tmp_path / "engagement", REQUESTS)
    retention, training = audit_folder(folder, tmp_path)["findings"]
    assert (retention["provisional"], training["provisional"]) == (False, True)
    assert retention["population"]["expected"] == retention["population"]["ok"] == REQUESTS * 5
    assert (retention["assurance"], training["assurance"]) == ("corroborated", "attested")


def test_the_generator_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    first = GENERATOR.generate("compliant", tmp_path / "a", 50) / "evidence"
    second = GENERATOR.generate("compliant", tmp_path / "b", 50) / "evidence"
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}
