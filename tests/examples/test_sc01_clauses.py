"""Scenario SC-01 under the whole contract: the purges, the report, and debugging with consent beside the demo's two."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.examples.engagements import audit_folder, load_generator

GENERATOR = load_generator("finance-firm")
CLAUSES = """
  CACHE-24H: {kind: cache-purge-interval, clause: DPA §4.3 p.7, severity: major, max_gap: 24h, caches: [prompt-cache]}
  AUD-12MO:
    kind: annual-third-party-audit
    clause: DPA §9.1 p.12
    severity: major
    max_interval: 12mo
    assertions: [no_training, no_exposure]
  DBG-HOLD:
    kind: debug-logging-consent
    clause: DPA §4.4 p.7
    severity: major
    max_age: 24h
    content: [prompt, output]
    systems: [inference-log, safety-log, app-trace, prompt-cache, backup]
    purpose: debug-hold
  PEN-12MO: {kind: penetration-test-right, clause: DPA §9.4 p.12, severity: minor}
"""
NAMES = ("RET-24H", "TRN-NONE", "CACHE-24H", "AUD-12MO", "DBG-HOLD", "PEN-12MO")
Runs = list[dict[str, Any]]


def purges() -> Runs:
    """Return a purge of the cache every day at two, which leaves nothing."""
    days = [date(2025, 6, 1) + timedelta(days=n) for n in range(30)]
    return [
        {
            "cache_id": "prompt-cache",
            "started_at": f"{day}T02:00:00Z",
            "finished_at": f"{day}T02:00:00Z",
            "status": "succeeded",
            "items_before": 20,
            "items_after": 0,
        }
        for day in days
    ]


def failed_on_the_17th(runs: Runs) -> None:
    runs[16] |= {"status": "failed", "items_after": 20}


def only_what_was_already_too_old(runs: Runs) -> None:
    runs[16] |= {"items_after": 3, "oldest_item_at_after": "2025-06-16T02:01:00Z"}


#: Each variant of the scenario: the generator's, what was done to the purges, and the status of each clause.
VARIANTS: dict[str, tuple[str, Callable[[Runs], None] | None, tuple[str, ...]]] = {
    "compliant": ("compliant", None, ("met", "met", "met", "met", "not_exercised", "unproven")),
    "late trace": ("late-trace", None, ("breached", "met", "met", "met", "breached", "unproven")),
    "with consent": ("late-trace-consented", None, ("met", "met", "met", "met", "met", "unproven")),
    "purge failed": ("compliant", failed_on_the_17th, ("met", "met", "breached", "met", "not_exercised", "unproven")),
    "daily sweep": (
        "daily-sweep",
        only_what_was_already_too_old,
        ("breached", "met", "breached", "met", "breached", "unproven"),
    ),
    "no new report": ("stale-report", None, ("met", "unproven", "met", "breached", "not_exercised", "unproven")),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_gives_the_status_of_every_clause(variant: str, tmp_path: Path) -> None:
    generated, spoil, expected = VARIANTS[variant]
    folder = GENERATOR.generate(generated, tmp_path / "engagement", 120)
    with (folder / "contract.yaml").open("a") as contract:
        contract.write(CLAUSES)
    runs = purges()
    if spoil:
        spoil(runs)
    (folder / "evidence" / "purge_runs.jsonl").write_text("".join(json.dumps(run) + "\n" for run in runs))
    found = {f["commitment"]: f["status"] for f in audit_folder(folder, tmp_path)["findings"]}
    assert found == dict(zip(NAMES, expected, strict=True))
