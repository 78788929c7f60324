"""Real CloudTrail files, where they are at hand: every record accounted for, and residency never met."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.keys import make_keys
from flows.pipeline import gather, run_audit
from flows.wiring import Request, prepare

TRAILS = Path(__file__).parents[3] / "shared" / "data" / "cloudtrail"

CONTRACT = """
probity: contract/v1
id: real-trails
version: 1
customer: {name: Customer}
vendor: {name: Vendor}
services: [api]
term: {from: 2023-01-01, to: 2026-12-31}
commitments:
  RES-EU: {kind: data-residency, clause: DPA §1 p.1, severity: critical, allowed: EU, activities: [process]}
"""


@pytest.mark.skipif(not TRAILS.is_dir(), reason="the real files are not part of the repository")
def test_real_records_are_all_accounted_for_and_residency_is_never_met(tmp_path: Path) -> None:
    folder = tmp_path / "engagement"
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT)
    (folder / "audit.yaml").write_text(
        "probity: audit/v1\n"
        f"sources: [{{kind: cloudtrail, path: {json.dumps(str(TRAILS))}}}]\n"
        "signer: {kind: local, keys: keys/private}\nstore: {kind: folder, path: bundles}\n"
        "as_of: 2026-01-01T00:00:00Z\n"
    )
    make_keys(folder / "keys", "test", datetime.now(UTC))
    request = Request(str(folder), start="2023-01-01T00:00:00Z", end="2025-01-01T00:00:00Z")
    prepared = prepare(request)
    cards = gather(prepared.engagement, prepared.run).gathered.cards
    assert sum(c.received for c in cards) == 2_900 + 312
    assert sum(c.rows + c.not_relevant + c.duplicates + c.unreadable for c in cards) == 2_900 + 312
    again = prepare(request)
    finding = run_audit(again.engagement, again.run, again.sealer).result.findings[0]
    assert finding.status == "unproven"
    assert finding.population.unknown > 0
