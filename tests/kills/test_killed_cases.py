"""A small part of `make kill-cases`."""

from __future__ import annotations

from pathlib import Path

from tests.kills.cases import campaign, make


def test_killed_workers_lose_no_step_double_none_and_bypass_no_approval(tmp_path: Path) -> None:
    found = campaign(make(tmp_path / "e"), kills=3, seed=3)
    assert found["acknowledged"] >= 3
