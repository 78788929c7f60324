"""From delivered CloudTrail files to a verdict, measured: `gathering.py RECORDS` prints one line of JSON.

The clock covers storing every file in the locker, reading, typing and writing the tables, the cards, and judging
`data-residency` over them. `zcat.py` is the floor on the same files.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import great_expectations  # noqa: F401 - imported here so that the clock does not see it
import trails
from measure import MEMORY_LIMIT, THREADS, Answer, Stopwatch, report

from checks.contract import parse_contract
from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from evidence.disclosure import Tokens
from evidence.locker import Locker
from evidence.model import Finding, Period
from infra.settings import processors
from infra.source import CacheAt, Gathered, Gathering
from infra.sources.cloudtrail import CloudTrail
from infra.sources.files import Files


def main(records: int) -> None:
    logs = trails.written(records)
    with tempfile.TemporaryDirectory(prefix="probity-bench-gather-") as name:
        root = Path(name)
        (root / "logs").symlink_to(logs)
        with Stopwatch() as watch:
            answer = audited(root, records, 1)
    report(answer, watch)


def audited(root: Path, records: int, days: int, cache: CacheAt | None = None) -> Answer:
    """Gather and judge the logs in `root/logs`; the answer counts records and says what gathering took."""
    period = Period.of(trails.START, trails.START + timedelta(days=days))
    _totals(root, period, -(-records // 5))
    with Stopwatch() as watch:
        gathered = gather(root, period, cache)
    finding = _judged(gathered, period, root)
    cards = [card for card in gathered.cards if card.source == "cloudtrail"]
    counts = {
        count: sum(getattr(card, count) for card in cards)
        for count in ("received", "rows", "not_relevant", "duplicates", "unreadable")
    }
    return {"status": finding.status, **counts, "gathering": {"seconds": watch.seconds, "cpu": watch.cpu}}


def gather(root: Path, period: Period, cache: CacheAt | None) -> Gathered:
    gathering = Gathering(
        root=root,
        locker=Locker(root / "locker"),
        tables=root / f"tables-{period.end:%Y%m%d}",
        period=period,
        now=lambda: datetime(2025, 7, 15, tzinfo=UTC),
        token=Tokens(bytes(32)),
        workers=processors(),
        cache=cache,
    )
    CloudTrail(path="logs").gather(gathering)
    Files(path="totals").gather(gathering)
    return gathering.gathered()


def _totals(root: Path, period: Period, calls: int) -> None:
    row = f"gateway,{period.start.isoformat()},{period.end.isoformat()},requests,{calls}\n"
    (root / "totals").mkdir(exist_ok=True)
    (root / "totals" / "usage_totals.csv").write_text("meter,period_start,period_end,metric,value\n" + row)


def _judged(gathered: Gathered, period: Period, root: Path) -> Finding:
    clause = {"kind": "data-residency", "allowed": "EU", "activities": ["process"], "clause": "DPA §1 p.1"}
    document = {
        "probity": "contract/v1",
        "id": "benchmark",
        "version": 1,
        "customer": {"name": "Acme Bank SE"},
        "vendor": {"name": "Vendor Ltd"},
        "services": ["api"],
        "term": {"from": "2025-01-01", "to": "2025-12-31"},
        "commitments": {"P": clause | {"severity": "major"}},
    }
    contract = parse_contract(json.dumps(document).encode(), "contract.yaml").contract
    engine = DuckEngine(gathered.tables, memory_limit=MEMORY_LIMIT, threads=THREADS, spill=root / "spill")
    evidence = Evidence(frozenset(gathered.tables), gathered.cards)
    return judge(contract, period, datetime(2025, 7, 15, tzinfo=UTC), evidence, engine).findings[0]


if __name__ == "__main__":
    main(int(sys.argv[1]))
