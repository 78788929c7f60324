"""Bundles that were sealed once and must verify for ever; they are files, never made anew."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.trust import load_trust
from evidence.verify import verify
from tests.evidence import by_hand

HERE = Path(__file__).parent
#: Bundle, the year in which it is verified, and what comes of it.
CASES = [
    ("0.1.0/bundle.zip", 2027, None),
    ("0.1.0/bundle.zip", 2036, None),
    ("0.1.0/bundle.zip", 2039, "STAMP_EXPIRED"),
    ("first-form/bundle.zip", 2025, None),
    ("first-form/bundle.zip", 2045, None),
    ("doubly-sealed/stamped.zip", 2026, None),
    ("doubly-sealed/stamped.zip", 2036, None),
    ("doubly-sealed/stamped.zip", 2039, "STAMP_EXPIRED"),
    ("doubly-sealed/renewed.zip", 2039, None),
    ("doubly-sealed/renewed.zip", 2048, None),
    ("doubly-sealed/renewed.zip", 2052, "STAMP_EXPIRED"),
]


@pytest.mark.parametrize(("name", "year", "reason"), CASES)
def test_sealed_bundle_keeps_its_answer(name: str, year: int, reason: str | None) -> None:
    bundle = HERE / name
    found = verify(bundle, load_trust(bundle.parent / "trust"), at=datetime(year, 1, 1, tzinfo=UTC))
    assert (found.verified, found.reason) == (reason is None, reason)


@pytest.mark.parametrize(("name", "year", "reason"), CASES)
def test_tools_by_hand_give_the_same_answer(name: str, year: int, reason: str | None) -> None:
    bundle = HERE / name
    done = by_hand.run(bundle, bundle.parent / "trust", at=f"{year}-01-01")
    assert done.returncode == (0 if reason is None else 4)


@pytest.mark.parametrize(
    "part",
    [
        "data/report.pdf",
        "data/results/assessment-results.json",
        "data/results/ocsf.jsonl",
        "disclosures/personal.jsonl",
        "seal/statement.dsse.json.2.tsr",
        "seal/tagmanifest-sha256.txt.p7s.2.tsr",
        "seal/ltv/01.crl",
        "seal/ledger-entry.tlog-proof",
        "archive/0001-sha256.txt.2.tsr",
    ],
)
def test_bundle_of_the_first_release_has_everything_that_a_bundle_can_have(part: str) -> None:
    with zipfile.ZipFile(HERE / "0.1.0/bundle.zip") as bundle:
        assert part in bundle.namelist()


def test_bundle_of_the_first_release_proves_all_that_it_says() -> None:
    found = verify(HERE / "0.1.0/bundle.zip", load_trust(HERE / "0.1.0/trust"), at=datetime(2036, 1, 1, tzinfo=UTC))
    assert [step.outcome for step in found.steps] == ["passed"] * 11
    assert found.time.proven == "2026-11-29T13:40:41Z"
    assert [signer.algorithm for signer in found.signers] == [
        "ecdsa-p256-sha256",
        "cades ecdsa-p256-sha256",
        "ml-dsa-65",
    ]


def test_no_bundle_lies_here_unused() -> None:
    found = {str(path.relative_to(HERE)) for path in HERE.rglob("*.zip")}
    assert found == {name for name, _, _ in CASES}
