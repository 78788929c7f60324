"""Scenario SC-13: an exit with its notice, fee, export and deletion, and the price of staying."""

from __future__ import annotations

from typing import Any

import pytest

from tests.examples.engagements import audit_folder, load_generator

GENERATOR = load_generator("exit")
VARIANTS = sorted(GENERATOR.VARIANTS)


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
    assert tuple(f["status"] for f in findings[variant]) == GENERATOR.VARIANTS[variant][1]


def test_the_fee_is_exactly_850_000_euros_too_high(findings: dict[str, list[dict[str, Any]]]) -> None:
    fee = findings["fee-too-high"][0]
    assert fee["measure"] == {"name": "termination fee", "unit": "EUR", "limit": "2550000", "worst": "3400000"}
    assert [e["why"] for e in fee["exhibits"]] == ["850000.00 EUR too much"]


def test_the_export_is_short_and_can_no_longer_be_repeated(findings: dict[str, list[dict[str, Any]]]) -> None:
    export = findings["export-short"][1]
    assert [e["why"] for e in export["exhibits"]] == ["5190000 of 5210334 records, then deleted"]


def test_the_quote_is_six_percent_higher(findings: dict[str, list[dict[str, Any]]]) -> None:
    quote = findings["quote-too-high"][3]
    assert quote["measure"] == {"name": "price increase", "unit": "%", "limit": "5", "worst": "6"}


def test_the_certificate_is_worth_the_vendors_word(findings: dict[str, list[dict[str, Any]]]) -> None:
    assert findings["compliant"][2]["assurance"] == "attested"
