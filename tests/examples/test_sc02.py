"""Scenario SC-02: the insurer's private instance in Germany, under its own contract and under a wider one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples.engagements import audit_folder, load_generator

GENERATOR = load_generator("de-insurer")
VARIANTS = sorted(GENERATOR.VARIANTS)
#: All of them: a share of seven percent and one in twelve thousand are what the scenario is about.
REQUESTS = GENERATOR.REQUESTS


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for variant in VARIANTS:
        scratch = tmp_path_factory.mktemp(variant)
        folder = GENERATOR.generate(variant, scratch / "engagement")
        found[variant] = audit_folder(folder, scratch)["findings"]
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_gives_the_statuses_of_the_scenario(
    variant: str, findings: dict[str, list[dict[str, Any]]]
) -> None:
    assert tuple(f["status"] for f in findings[variant]) == GENERATOR.VARIANTS[variant][2]


def test_the_hosts_are_only_attested(findings: dict[str, list[dict[str, Any]]]) -> None:
    assert [f["assurance"] for f in findings["compliant"]][:2] == ["corroborated", "attested"]


def test_every_request_is_reconciled_with_the_gateway(findings: dict[str, list[dict[str, Any]]]) -> None:
    residency = findings["compliant"][0]
    assert residency["coverage"][0]["expected"] == residency["coverage"][0]["observed"] == REQUESTS


def test_one_request_in_ireland_is_outside_germany_and_inside_the_union(
    tmp_path: Path, findings: dict[str, list[dict[str, Any]]]
) -> None:
    assert [e["why"] for e in findings["ireland"][0]["exhibits"]] == ["IE (eu-west-1)"]
    paths = [GENERATOR.generate(v, tmp_path / v, 50) / "evidence" for v in ("ireland", "ireland-eu-contract")]
    same, other = ({p.name: p.read_bytes() for p in path.iterdir()} for path in paths)
    assert same == other


def test_the_same_rule_breaks_only_a_contract_that_forbids_it(findings: dict[str, list[dict[str, Any]]]) -> None:
    forbidden, unstated = findings["rule-forbidden"][0], findings["rule-unstated"][0]
    assert {e["why"] for e in forbidden["exhibits"]} == {"US (us-east-1), by rule"}
    assert unstated["reasons"] == ["contradicted"]


def test_exactly_the_session_that_ran_past_its_window_breaks_the_promise(
    findings: dict[str, list[dict[str, Any]]],
) -> None:
    assert [e["record"] for e in findings["late-session"][2]["exhibits"]] == ["access_events/session-3"]


def test_seven_percent_of_the_regions_are_unknown(findings: dict[str, list[dict[str, Any]]]) -> None:
    assert findings["null-regions"][0]["population"]["unknown"] == REQUESTS * 7 // 100
