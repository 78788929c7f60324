"""What a kind reads it declares: only declared families are sealed, and a replay has nothing else to judge."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from checks.commitments import discover
from checks.kernel import WHOLE, Plan
from evidence.families import all_families
from evidence.model import Period
from tests.metamorphic.quick import QuickEngine
from tests.world import audit_rows, contract_of, load_cases

CASES = Path(__file__).parents[1] / "commitments"


@pytest.mark.parametrize("kind", sorted(discover()))
def test_a_kind_reads_no_family_beyond_its_needs(kind: str, tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(QuickEngine):
        def query(self, sql: str) -> list[tuple[Any, ...]]:
            asked.append(sql)
            return super().query(sql)

        def classify(self, sql: str, plan: Plan = WHOLE) -> None:
            asked.append(sql)
            super().classify(sql, plan)

    whole = load_cases(CASES / kind / "cases.yaml")
    contract = contract_of(kind, whole["terms"])
    period, as_of = Period.model_validate(whole["period"]), datetime.fromisoformat(whole["as_of"])
    audit_rows(tmp_path, contract, whole["given"], period, as_of, engine=Listening)
    # A statement may call one of its own steps like a family; then it reads that step.
    read = {
        f for f in all_families() for sql in asked if re.search(rf"(FROM|JOIN) {f}\b", sql) and f"{f} AS (" not in sql
    }
    assert read
    assert read <= {need.family for need in discover()[kind].needs}
