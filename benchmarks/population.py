"""Generated evidence for the benchmarks of judging: the same rows on every machine, written once, in bounded memory.

`lifecycle` is what a vendor exports of two systems that hold the same content: each content has a row in the log and a
row in the backup, a hundredth are seen once more in a snapshot, a thousandth are exported twice, and one content in a
million is kept for 30 hours. `activity` is what a trail says of calls in three regions of the Union, one in fifty
throttled, a thousandth delivered twice. `log` is the numbered log of the same calls, without a hash chain, a thousandth
delivered twice. All come with an independent meter's daily totals, which they meet.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb

VERSION = 1
PART_ROWS = 5_000_000
START, DAYS = "2025-06-01", 30
MICROS = DAYS * 86_400_000_000
KEPT_TOO_LONG_EVERY = 1_000_000

_GATHERED = (
    "'files' AS source, 'sha256:' || sha256('{name}') AS artefact, i AS \"row\", CAST([] AS VARCHAR[]) AS defects"
)
_PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 65536)"


def written(kind: str, rows: int) -> dict[str, list[Path]]:
    """Return the Parquet parts by family for about `rows` records, writing them if they are not there yet."""
    folder = cache() / f"{kind}-{rows}-v{VERSION}"
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"threads": 2, "memory_limit": "1GB", "temp_directory": ""}) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute("SET enable_progress_bar = false")
            database.execute("SET preserve_insertion_order = false")
            {"lifecycle": _lifecycle, "activity": _activity, "log": _log}[kind](database, folder, rows)
        (folder / "whole").touch()
    return {f.name: sorted(f.glob("*.parquet")) for f in sorted(folder.iterdir()) if f.is_dir()}


def cache() -> Path:
    """Return where generated evidence is kept: outside the repository, and removable at any time."""
    return Path(os.environ.get("PROBITY_BENCH_CACHE") or Path(tempfile.gettempdir()) / "probity-bench")


def _lifecycle(database: duckdb.DuckDBPyConnection, folder: Path, rows: int) -> None:
    contents = rows // 2
    # Content k is captured at an even pace; its copy in the backup is captured some seconds later.
    stated = f"""
      SELECT CASE WHEN copy = 0 THEN 'inference-log' ELSE 'backup' END AS system_id,
             md5(CAST(k AS VARCHAR)) AS record_id,
             CASE WHEN k % 2 = 0 THEN 'prompt' ELSE 'output' END AS content_class,
             {_at(f"CAST((k::HUGEINT * {MICROS}) // {contents} AS BIGINT) + copy * 7000000")} AS captured_at, k, copy, i
      FROM (SELECT i, i // 2 AS k, i % 2 AS copy FROM range({{low}}, {{high}}) AS r(i))"""
    age = (
        f"CASE WHEN k % {KEPT_TOO_LONG_EVERY} = 7 AND copy = 1 THEN INTERVAL 30 HOUR "
        "ELSE to_microseconds(3600000000 + (k * 2 + copy) * 2654435761 % 79200000000) END"
    )
    rest = f"CAST(NULL AS VARCHAR) AS consent_id, {_GATHERED.format(name='lifecycle')}"
    deleted = (
        f"SELECT system_id, record_id, content_class, captured_at, captured_at + {age} AS deleted_at, "
        f"CASE WHEN copy = 0 THEN 'hard' ELSE 'crypto' END AS delete_kind, "
        f"CAST(NULL AS TIMESTAMPTZ) AS snapshot_at, {rest}"
    )
    seen = (
        "SELECT system_id, record_id, content_class, captured_at, CAST(NULL AS TIMESTAMPTZ) AS deleted_at, "
        f"CAST(NULL AS VARCHAR) AS delete_kind, captured_at + INTERVAL 30 MINUTE AS snapshot_at, {rest}"
    )
    query = (
        f"WITH stated AS ({stated}) {deleted} FROM stated UNION ALL {deleted} FROM stated WHERE i % 1000 = 5 "
        f"UNION ALL {seen} FROM stated WHERE i % 100 = 6"
    )
    _parts(database, folder / "data_lifecycle", query, rows)
    systems = "SELECT unnest(['inference-log', 'backup']) AS system_id"
    _write(
        database,
        folder / "system_inventory" / "part-00000.parquet",
        f"SELECT system_id, 'log' AS kind, true AS holds_content, true AS in_scope, "
        f"{_GATHERED.format(name='inventory')} "
        f"FROM (SELECT *, 0::BIGINT AS i FROM ({systems}))",
    )
    _totals(database, folder, contents, systems, "records")


def _activity(database: duckdb.DuckDBPyConnection, folder: Path, rows: int) -> None:
    moment = f"CAST((i::HUGEINT * {MICROS}) // {rows} AS BIGINT)"
    throttled = "i % 50 = 3"
    stated = f"""
      SELECT md5('a' || i) AS activity_id, 'process' AS activity, {_at(moment)} AS occurred_at, 'aws' AS provider,
             ['eu-central-1', 'eu-west-1', 'eu-north-1'][1 + i % 3] AS region_code, 'eu-central-1' AS source_region,
             ['anthropic.claude-3-haiku', 'amazon.nova-pro', 'mistral.large'][1 + i % 3] AS model,
             CAST(NULL AS VARCHAR) AS resource_id, 'token:' || (i * 2654435761 % 500) AS actor,
             md5('r' || i) AS request_id,
             CASE WHEN {throttled} THEN 'throttled' ELSE 'ok' END AS outcome,
             CASE WHEN {throttled} THEN NULL ELSE 100 + i % 4000 END::BIGINT AS input_tokens,
             CASE WHEN {throttled} THEN NULL ELSE 10 + i % 900 END::BIGINT AS output_tokens, 'TLSv1.3' AS tls_version,
             {_GATHERED.format(name="activity")}
      FROM range({{low}}, {{high}}) AS r(i)"""
    # Stated twice, because a common table expression would be held in memory.
    query = f'FROM ({stated}) UNION ALL FROM ({stated}) WHERE "row" % 1000 = 5'
    _parts(database, folder / "processing_activity", query, rows)
    _totals(database, folder, rows, "SELECT CAST(NULL AS VARCHAR) AS system_id", "requests")


def _log(database: duckdb.DuckDBPyConnection, folder: Path, rows: int) -> None:
    stated = f"""
      SELECT md5('e' || i) AS event_id, i AS seq_no, {_at(f"CAST((i::HUGEINT * {MICROS}) // {rows} AS BIGINT)")}
             AS occurred_at, 'token:' || (i * 2654435761 % 500) AS actor, 'user' AS actor_type,
             'InvokeModel' AS action, CAST(NULL AS VARCHAR) AS resource, md5('r' || i) AS request_id,
             ['anthropic.claude-3-haiku', 'amazon.nova-pro', 'mistral.large'][1 + i % 3] AS model,
             'eu-central-1' AS region_code, 'ok' AS outcome, CAST(NULL AS VARCHAR) AS prev_hash,
             {_GATHERED.format(name="log")}
      FROM range({{low}}, {{high}}) AS r(i)"""
    # Stated twice, because a common table expression would be held in memory.
    query = f'FROM ({stated}) UNION ALL FROM ({stated}) WHERE "row" % 1000 = 5'
    _parts(database, folder / "audit_log", query, rows)
    _totals(database, folder, rows, "SELECT CAST(NULL AS VARCHAR) AS system_id", "requests")


def _totals(database: duckdb.DuckDBPyConnection, folder: Path, count: int, systems: str, metric: str) -> None:
    """Write what an independent meter counted each day: item k lies in the day in which k × 30 days / count falls."""
    first = f"CAST((d::HUGEINT * {count} + {DAYS - 1}) // {DAYS} AS BIGINT)"
    after = f"CAST(((d + 1)::HUGEINT * {count} + {DAYS - 1}) // {DAYS} AS BIGINT)"
    query = (
        f"SELECT 'gateway' AS meter, {_at('d * 86400000000')} AS period_start, "
        f"{_at('(d + 1) * 86400000000')} AS period_end, system_id, '{metric}' AS metric, {after} - {first} AS value, "
        f"{_GATHERED.format(name='totals')} FROM (SELECT d, d AS i FROM range(0, {DAYS}) AS r(d)), ({systems})"
    )
    _write(database, folder / "usage_totals" / "part-00000.parquet", query)


def _at(micros: str) -> str:
    return f"TIMESTAMPTZ '{START} 00:00:00+00' + to_microseconds({micros})"


def _parts(database: duckdb.DuckDBPyConnection, folder: Path, query: str, rows: int) -> None:
    for number, low in enumerate(range(0, rows, PART_ROWS)):
        bounded = query.replace("{low}", str(low)).replace("{high}", str(min(rows, low + PART_ROWS)))
        _write(database, folder / f"part-{number:05d}.parquet", bounded)


def _write(database: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".writing")
    database.execute(f"COPY ({query}) TO '{temporary}' {_PARQUET}")
    temporary.replace(path)
