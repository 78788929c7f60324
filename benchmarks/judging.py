"""A whole judgement through `checks.judge`, measured: `judging.py KIND ROWS` prints one line of JSON.

The clock starts before the engine opens the files and stops when the finding is complete with exhibits, distribution
and expectation results. Imports are left out of it (they cost the same for one row and for a hundred million).
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal

import great_expectations  # noqa: F401 - imported here so that the clock does not see it
import population
from measure import MEMORY_LIMIT, THREADS, Answer, Stopwatch, report, spill_folder

from checks.contract import Contract, parse_contract
from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from evidence.model import Finding, Period

PERIOD = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
AS_OF = datetime(2025, 7, 15, tzinfo=UTC)
CLAUSES = {
    "lifecycle": {
        "kind": "data-retention-limit",
        "max_age": "24h",
        "content": ["prompt", "output"],
        "systems": ["inference-log", "backup"],
    },
    "activity": {"kind": "data-residency", "allowed": ["DE", "IE", "SE", "FR", "IT", "ES"], "activities": ["process"]},
    "log": {
        "kind": "audit-log-availability",
        "required": ["event_id", "seq_no", "occurred_at", "actor", "action", "request_id"],
        "meter": "gateway",
        "tolerance": 0,
    },
}


def main(kind: str, rows: int) -> None:
    tables = population.written(kind, rows)
    from pathlib import Path  # noqa: PLC0415

    with spill_folder() as spill, Stopwatch() as watch:
        engine = DuckEngine(tables, memory_limit=MEMORY_LIMIT, threads=THREADS, spill=Path(spill))
        judgement = judge(_contract(kind), PERIOD, AS_OF, Evidence(frozenset(tables), ()), engine)
    if judgement.problems:
        raise SystemExit(judgement.problems[0])
    report(_answer(judgement.findings[0]), watch)


def _contract(kind: str) -> Contract:
    document = {
        "probity": "contract/v1",
        "id": "benchmark",
        "version": 1,
        "customer": {"name": "Acme Bank SE"},
        "vendor": {"name": "Vendor Ltd"},
        "services": ["api"],
        "term": {"from": "2025-01-01", "to": "2025-12-31"},
        "commitments": {"P": {"clause": "DPA §1 p.1", "severity": "major"} | CLAUSES[kind]},
    }
    return parse_contract(json.dumps(document).encode(), "contract.yaml").contract


def _answer(finding: Finding) -> Answer:
    counts = finding.population
    names = ("ok", "excused", "open", "unknown", "violation")
    worst = None if finding.measure is None else finding.measure.worst
    return {
        "outcomes": {name: getattr(counts, name) for name in names},
        "worst": None if worst is None else int(Decimal(worst) * 1_000_000),
        "reconciled": {
            c.subject: {"observed": c.observed, "expected": c.expected, "covered": c.covered} for c in finding.coverage
        },
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
