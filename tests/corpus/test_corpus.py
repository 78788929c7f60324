"""Bundles that were sealed once and must verify for ever; they are files, never made anew."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.trust import load_trust
from evidence.verify import verify
from tests.evidence import by_hand

HERE = Path(__file__).parent
#: Bundle, the year in which it is verified, and what comes of it.
CASES = [
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


def test_no_bundle_lies_here_unused() -> None:
    found = {str(path.relative_to(HERE)) for path in HERE.rglob("*.zip")}
    assert found == {name for name, _, _ in CASES}
