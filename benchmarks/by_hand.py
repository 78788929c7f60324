"""The baseline of judging: one DuckDB query by hand for each promise, on the same files and with the same rules.

Same rules: rows of one record are one record, and its worst outcome counts; the first capture of a content in any
system starts its age; what cannot be read is unknown; each day's count must be the meter's. What the query leaves out
is what a judgement adds: no exhibits, no distribution, no second opinion by an expectation engine, no inventory.

Run as `by_hand.py KIND ROWS [MEMORY]` it prints the answer, the seconds and the peak memory as one line of JSON.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import population
from measure import MEMORY_LIMIT, THREADS, Answer, Stopwatch, report, spill_folder

FROM, TO, AS_OF = "TIMESTAMPTZ '2025-06-01 00:00:00+00'", "TIMESTAMPTZ '2025-07-01 00:00:00+00'", "2025-07-15"
OUTCOMES = {1: "ok", 2: "excused", 3: "open", 4: "unknown", 5: "violation"}

LIFECYCLE = f"""
WITH item AS (
  SELECT system_id, record_id, content_class, min(captured_at) AS captured_at,
         max(deleted_at) FILTER (delete_kind IN ('hard', 'crypto')) AS gone_at,
         max(CASE WHEN delete_kind IN ('hard', 'crypto') THEN NULL
                  WHEN delete_kind = 'soft' THEN greatest(snapshot_at, deleted_at)
                  ELSE coalesce(deleted_at, snapshot_at) END) AS seen_at,
         bool_or(len(defects) > 0 OR captured_at IS NULL OR record_id IS NULL OR content_class IS NULL
                 OR system_id IS NULL OR (deleted_at IS NOT NULL AND delete_kind IS NULL)) AS broken
  FROM read_parquet(?) WHERE content_class IS NULL OR content_class IN ('prompt', 'output') GROUP BY ALL),
aged AS (
  SELECT *, min(captured_at) OVER (PARTITION BY record_id, content_class) AS origin,
         greatest(gone_at, seen_at) AS last_known FROM item),
judged AS (
  SELECT system_id, record_id, origin, epoch_us(last_known) - epoch_us(origin) AS age, CASE
    WHEN last_known <= TIMESTAMPTZ '{AS_OF}' AND epoch_us(last_known) - epoch_us(origin) > 86400000000 THEN 5
    WHEN broken OR origin > TIMESTAMPTZ '{AS_OF}' OR last_known > TIMESTAMPTZ '{AS_OF}' OR last_known < captured_at
         OR seen_at > gone_at THEN 4
    WHEN gone_at IS NOT NULL THEN 1
    WHEN origin >= TIMESTAMPTZ '{AS_OF}' - INTERVAL 24 HOUR THEN 3 ELSE 4 END AS rank
  FROM aged WHERE origin < {TO} AND (origin >= {FROM} OR last_known IS NULL OR last_known >= {FROM})),
record AS (
  SELECT system_id, record_id, min(origin) AS moment, max(rank) AS rank, max(age) AS age FROM judged GROUP BY ALL),
counted AS (
  SELECT system_id AS subject, CAST(moment AS DATE) AS day, rank, count(*) AS n, max(age) AS worst
  FROM record GROUP BY ALL)
"""

ACTIVITY = f"""
WITH seen AS (
  SELECT activity_id, occurred_at, CASE
    WHEN outcome IN ('blocked', 'denied', 'throttled')
         AND coalesce(input_tokens, 0) + coalesce(output_tokens, 0) = 0 AND activity_id IS NOT NULL THEN 2
    WHEN occurred_at <= TIMESTAMPTZ '{AS_OF}' AND r.country NOT IN ('DE', 'IE', 'SE', 'FR', 'IT', 'ES') THEN 5
    WHEN len(defects) > 0 OR activity_id IS NULL OR occurred_at > TIMESTAMPTZ '{AS_OF}' OR r.country IS NULL THEN 4
    ELSE 1 END AS rank
  FROM read_parquet(?) AS a LEFT JOIN (VALUES ('aws', 'eu-central-1', 'DE'), ('aws', 'eu-west-1', 'IE'),
       ('aws', 'eu-north-1', 'SE'), ('aws', 'eu-west-3', 'FR'), ('aws', 'eu-west-2', 'GB'), ('aws', 'us-east-1', 'US'))
       AS r(provider, region_code, country) ON lower(a.provider) = r.provider AND a.region_code = r.region_code
  WHERE activity = 'process' AND occurred_at >= {FROM} AND occurred_at < {TO}),
record AS (SELECT activity_id, min(occurred_at) AS moment, max(rank) AS rank FROM seen GROUP BY ALL),
counted AS (
  SELECT 'process' AS subject, CAST(moment AS DATE) AS day, rank, count(*) AS n, CAST(NULL AS BIGINT) AS worst
  FROM record GROUP BY ALL)
"""

# Two versions of one event, or of one number, are unknown; a hole in the numbers is a violation of its own.
LOG = f"""
WITH event AS (
  SELECT event_id, seq_no, min(occurred_at) AS moment, bool_or(event_id IS NULL OR seq_no IS NULL OR occurred_at IS NULL
           OR coalesce(trim(actor), '') = '' OR coalesce(trim(action), '') = ''
           OR coalesce(trim(request_id), '') = '') AS lacking,
         bool_or(len(defects) > 0 OR seq_no < 0 OR coalesce(trim(actor_type), '') = ''
           OR coalesce(trim(outcome), '') = '' OR occurred_at > TIMESTAMPTZ '{AS_OF}' OR lower(actor_type) IN
             ('application', 'awsservice', 'service', 'service-account', 'service_account', 'shared', 'system'))
           OR min(occurred_at) <> max(occurred_at) OR min(actor) <> max(actor) OR min(action) <> max(action)
           OR min(request_id) <> max(request_id) OR min(outcome) <> max(outcome) OR min(model) <> max(model) AS unsure
  FROM read_parquet(?) GROUP BY event_id, seq_no),
placed AS (
  SELECT *, lag(seq_no) OVER (ORDER BY seq_no) AS before, lag(moment) OVER (ORDER BY seq_no) AS before_at FROM event),
ranked AS (
  SELECT 'event' AS subject, moment, CASE WHEN lacking THEN 5 WHEN unsure OR seq_no = before THEN 4 ELSE 1 END AS rank
  FROM placed
  UNION ALL SELECT 'sequence', moment, CASE WHEN before_at >= {FROM} THEN 5 ELSE 4 END
  FROM placed WHERE seq_no - before > 1),
counted AS (
  SELECT subject, CAST(moment AS DATE) AS day, rank, count(*) AS n, CAST(NULL AS BIGINT) AS worst
  FROM ranked WHERE moment IS NULL OR (moment >= {FROM} AND moment < {TO}) GROUP BY ALL)
"""

# What was counted beside what the meter says, so that one result holds the outcomes and the reconciliation.
RECONCILED = """
SELECT coalesce(c.subject, t.subject), c.rank, sum(c.n), max(c.worst), sum(t.value) FILTER (c.first),
       count(*) FILTER (c.first AND t.value IS DISTINCT FROM c.whole)
FROM (SELECT *, sum(n) OVER (PARTITION BY subject, day) AS whole,
             row_number() OVER (PARTITION BY subject, day ORDER BY rank) = 1 AS first FROM counted) AS c
FULL JOIN (SELECT coalesce(system_id, '{alone}') AS subject, CAST(period_start AS DATE) AS day, value
           FROM read_parquet(?)) AS t ON t.subject = c.subject AND t.day = c.day
GROUP BY ALL
"""
QUERIES = {
    "lifecycle": ("data_lifecycle", LIFECYCLE, "records"),
    "activity": ("processing_activity", ACTIVITY, "process"),
    "log": ("audit_log", LOG, "event"),
}


def main(kind: str, rows: int, memory: str) -> None:
    tables = population.written(kind, rows)
    family, query, alone = QUERIES[kind]
    query += RECONCILED.replace("{alone}", alone)
    with spill_folder() as spill:
        config = {"memory_limit": memory, "threads": THREADS, "temp_directory": str(spill)}
        with Stopwatch() as watch, duckdb.connect(config=config) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute("SET enable_progress_bar = false")
            database.execute("SET preserve_insertion_order = false")
            found = database.execute(query, [_names(tables[family]), _names(tables["usage_totals"])])
            answer = _answer(found.fetchall())
    report(answer, watch)


def _names(parts: Sequence[Path]) -> list[str]:
    return [str(part) for part in parts]


def _answer(found: Sequence[tuple[object, ...]]) -> Answer:
    answer: Answer = {"outcomes": dict.fromkeys(OUTCOMES.values(), 0), "worst": None, "reconciled": {}}
    for subject, rank, count, worst, expected, off in found:
        entry = answer["reconciled"].setdefault(subject, {"observed": 0, "expected": 0, "covered": True})
        entry["observed"] += count or 0
        entry["expected"] += expected or 0
        entry["covered"] &= rank is not None and not off
        if rank is not None:
            answer["outcomes"][OUTCOMES[rank]] += count
            if OUTCOMES[rank] in ("ok", "violation") and worst is not None:
                answer["worst"] = max(worst, answer["worst"] or 0)
    return answer


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else MEMORY_LIMIT)
