"""An amendment in the middle of a period: each record is judged under the version in force at its time (G8)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.contract import LoadedContract, parse_contract
from checks.engine.duck import DuckEngine
from checks.judge import Evidence, Judgement
from checks.versions import in_order, judge_versions
from evidence.errors import BadInput
from evidence.model import Period
from tests.world import gather_folder, write_evidence

PERIOD = Period.model_validate({"from": "2025-06-01T00:00:00Z", "to": "2025-06-03T00:00:00Z"})
AS_OF = datetime(2025, 6, 10, tzinfo=UTC)


def edition(version: int, start: str, max_age: str, name: str = "msa") -> LoadedContract:
    return parse_contract(
        f"""probity: contract/v1
id: {name}
version: {version}
customer: {{name: Acme}}
vendor: {{name: Vendor Ltd}}
services: [api]
term: {{from: {start}, to: 2027-12-31}}
commitments:
  RET:
    {{kind: data-retention-limit, clause: DPA §1 p.1, severity: major, max_age: {max_age}, content: [prompt],
      systems: [log]}}
""".encode(),
        "contract.yaml",
    )


def rows(age_on_the_first: str, age_on_the_second: str) -> dict[str, Any]:
    def record(day: int, hours: str) -> dict[str, Any]:
        gone = f"2025-06-{day + int(hours) // 24:02d}T{int(hours) % 24:02d}:00:00Z"
        return {
            "system_id": "log",
            "record_id": f"r{day}",
            "content_class": "prompt",
            "delete_kind": "hard",
            "captured_at": f"2025-06-{day:02d}T00:00:00Z",
            "deleted_at": gone,
        }

    def total(day: int) -> dict[str, Any]:
        return {
            "meter": "gateway",
            "metric": "requests",
            "value": 1,
            "period_start": f"2025-06-{day:02d}T00:00:00Z",
            "period_end": f"2025-06-{day + 1:02d}T00:00:00Z",
        }

    return {
        "data_lifecycle": [record(1, age_on_the_first), record(2, age_on_the_second)],
        "usage_totals": [total(1), total(2)],
        "system_inventory": [{"system_id": "log", "kind": "log", "holds_content": True, "in_scope": True}],
    }


def judged(tmp_path: Path, evidence: dict[str, Any], *editions: LoadedContract) -> Judgement:
    write_evidence(tmp_path / "evidence", evidence)
    gathered = gather_folder(tmp_path, PERIOD)
    versions = in_order(editions[-1], editions[:-1], "audit.yaml")
    told = Evidence(frozenset(gathered.tables), gathered.cards)
    return judge_versions(versions, PERIOD, AS_OF, told, lambda: DuckEngine(gathered.tables))


def statuses(tmp_path: Path, evidence: dict[str, Any], *editions: LoadedContract) -> dict[str, str]:
    return {f.commitment: f.status.value for f in judged(tmp_path, evidence, *editions).findings}


OLD, NEW = edition(1, "2025-01-01", "48h"), edition(2, "2025-06-02", "24h")


def test_a_record_of_the_older_time_is_judged_by_the_older_limit(tmp_path: Path) -> None:
    assert statuses(tmp_path, rows("40", "20"), OLD, NEW) == {"RET": "met", "RET@1": "met"}


def test_a_record_of_the_newer_time_is_judged_by_the_newer_limit(tmp_path: Path) -> None:
    assert statuses(tmp_path, rows("20", "40"), OLD, NEW)["RET"] == "breached"


def test_the_older_limit_says_nothing_of_the_newer_time(tmp_path: Path) -> None:
    strict, loose = edition(1, "2025-01-01", "24h"), edition(2, "2025-06-02", "48h")
    assert statuses(tmp_path, rows("20", "40"), strict, loose) == {"RET": "met", "RET@1": "met"}


def test_what_each_edition_ran_is_kept_under_its_own_name(tmp_path: Path) -> None:
    found = judged(tmp_path, rows("40", "20"), OLD, NEW)
    assert set(found.sql) == set(found.expectations) == {"RET", "RET@1"}
    assert found.sql["RET"] != found.sql["RET@1"]


def test_the_newer_limit_alone_would_have_blamed_the_older_time(tmp_path: Path) -> None:
    alone = edition(2, "2025-01-01", "24h")
    assert statuses(tmp_path, rows("40", "20"), alone) == {"RET": "breached"}


def test_an_edition_that_was_not_yet_in_force_leaves_the_period_to_the_older_one(tmp_path: Path) -> None:
    later = edition(2, "2026-01-01", "1h")
    assert statuses(tmp_path, rows("20", "20"), OLD, later) == {"RET": "not_in_force", "RET@1": "met"}


@pytest.mark.parametrize(
    "earlier", [edition(3, "2025-01-01", "24h"), edition(1, "2025-07-01", "24h"), edition(1, "2025-01-01", "24h", "x")]
)
def test_editions_out_of_order_are_refused(earlier: LoadedContract) -> None:
    with pytest.raises(BadInput, match="does not follow"):
        in_order(NEW, [earlier], "audit.yaml")
