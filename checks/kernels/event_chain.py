"""The integrity of an event log: its sequence has no gap and every link of its hash chain holds.

An event's hash is the SHA-256, in lower-case hexadecimal, of the UTF-8 text that `CHAINED` spells: one line a field,
`length:value` with the length in Unicode code points, or `-` for null; instants are microseconds since 1970 UTC. So the
text cannot be read in two ways, and an instant written with another offset has the same hash. `actor` is not part of
it: personal values are tokens before any table is written, so nobody could recompute the hash from the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from checks import sql
from checks.commitment import Scope
from evidence.model import Reason

#: Gives a SELECT of the columns named.
Select: TypeAlias = Callable[[str], str]

#: What an event's hash is made of, in this order; `docs/evidence.md` says how to write it.
CHAINED = (
    "event_id",
    "seq_no",
    "occurred_at",
    "actor_type",
    "action",
    "resource",
    "request_id",
    "model",
    "region_code",
    "outcome",
    "prev_hash",
)


def event_hash() -> str:
    """Return the SQL of an event's hash."""
    return f"sha256({' || '.join(_line(f'CAST({column} AS VARCHAR)') for column in CHAINED)})"


def _line(value: str) -> str:
    return f"coalesce(CAST(length({value}) AS VARCHAR) || ':' || {value}, '-') || chr(10)"


def ctes(event: Select) -> str:
    """Return the CTEs that judge the links of events: `linked` has their columns with `link` and `place`.

    `sharing` has the numbers that stand in several rows. `event` gives a SELECT of columns of every event; it is read
    once for each thing that is asked of all of them, which costs less than holding them, and what only a chain of
    hashes needs is asked of nothing where there is none.

    `link` is null where the link holds or none can be expected, else `broken` (a predecessor is there and is another)
    or `unsure`. `place` is null, or why the event's place in the sequence is not known. The oldest event may point to
    one that is not in the evidence.
    """
    return f"""{_everything(event)},
{_chain(event)},
linked AS (
  SELECT e.*,
    CASE WHEN g.links = 0 THEN NULL
         WHEN e.prev_hash IS NULL THEN CASE WHEN e.seq_no = g.first_no OR (e.seq_no IS NULL
              AND e.occurred_at = g.first_at) THEN NULL ELSE 'unsure' END
         WHEN e.seq_no IS NULL THEN CASE
              WHEN lower(trim(e.prev_hash)) IN (SELECT follows FROM fork) THEN 'unsure'
              WHEN e.record NOT IN (SELECT record FROM loose) THEN NULL
              WHEN e.record IN (SELECT record FROM oldest) AND e.occurred_at = g.first_at THEN NULL
              WHEN g.broken THEN 'unsure' ELSE 'broken' END
         WHEN p.seq_no IS NULL OR list_contains(p.hashes, lower(trim(e.prev_hash))) THEN NULL
         WHEN p.broken OR p.versions > 1 OR e.seq_no IN (SELECT seq_no FROM doubled) THEN 'unsure'
         ELSE 'broken' END AS link,
    CASE WHEN g.numbers = 0 THEN NULL
         WHEN e.seq_no IS NULL THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN e.seq_no IN (SELECT seq_no FROM doubled) THEN '{Reason.CONTRADICTED}' END AS place
  FROM ({event("*")}) AS e CROSS JOIN edge AS g
  LEFT JOIN chained AS p ON p.seq_no = e.seq_no - 1 AND e.seq_no >= 0)"""


def _everything(event: Select) -> str:
    """Return the CTEs that ask something of all events."""
    return f"""
doubled AS (SELECT seq_no, count(*) AS versions, count(DISTINCT record) AS holders FROM ({event("record, seq_no")}) AS e
  WHERE seq_no IN (SELECT record FROM sharing) GROUP BY seq_no HAVING count(*) > 1),
edge AS (
  SELECT min(occurred_at) AS first_at, min(number) AS first_no, max(number) AS last_no, count(number) AS numbered,
         count(*) AS events, count(seq_no) AS numbers, count(prev_hash) AS links,
         bool_or({sql.defective()} OR occurred_at IS NULL) AS broken
  FROM (SELECT *, CASE WHEN seq_no >= 0 THEN seq_no END AS number
        FROM ({event("seq_no, occurred_at, prev_hash, defects")}) AS e) AS placed)"""


def _chain(event: Select) -> str:
    """Return the CTEs of a chain of hashes, which are empty where there is none."""
    return f"""
chain AS (
  SELECT *, {event_hash()} AS hash, lower(trim(prev_hash)) AS follows
  FROM ({event(", ".join(("record", *CHAINED, "defects")))}) AS e
  WHERE (SELECT links FROM edge) > 0),
chained AS (
  SELECT seq_no, count(*) AS versions, list(hash) AS hashes, bool_or({sql.defective()}) AS broken
  FROM chain WHERE seq_no >= 0 GROUP BY seq_no),
loose AS (
  SELECT record, occurred_at FROM chain WHERE seq_no IS NULL AND follows NOT IN (SELECT hash FROM chain)),
oldest AS (SELECT record FROM loose ORDER BY occurred_at NULLS FIRST, record LIMIT 1),
fork AS (SELECT follows FROM chain WHERE follows IN (SELECT follows FROM chain WHERE seq_no IS NULL)
  GROUP BY follows HAVING count(*) > 1)"""


def gaps() -> str:
    """Return one row for each run of missing numbers that lies in the period, or may lie in it.

    Missing numbers are proven missing when events of the period stand on both sides and there are more of them than
    events without a number that can be one and events that share theirs, any of which might be one of them.
    """
    return f"""
  SELECT 'sequence' AS subject, span AS record, occurred_at AS moment, CAST(NULL AS BIGINT) AS measure, artefact,
    CASE WHEN proven THEN 'violation' ELSE 'unknown' END AS outcome,
    CASE WHEN proven THEN 'events ' || span || ' are missing' ELSE '{Reason.INCOMPLETE_COVERAGE}' END AS why
  FROM (
    SELECT *, CAST(low + 1 AS VARCHAR) || '-' || CAST(seq_no - 1 AS VARCHAR) AS span,
      inside AND (SELECT sum(seq_no - low - 1) FROM hole WHERE inside) > (SELECT events - numbered FROM edge)
        + (SELECT coalesce(sum(holders - 1), 0) FROM doubled) AS proven
    FROM hole) AS h"""


def holes(event: Select, scope: Scope) -> str:
    """Return the CTE `hole`: neighbours in the sequence between which numbers are missing, in the period or perhaps.

    `inside` says that both stand in the period in all that is said of them, and before the audit, and that nothing else
    is said of their numbers: `wavering` has the events of which it is. Only numbers that leave some out between the
    first and the last are put in order.
    """
    last = min(scope.end - 1, scope.as_of)
    return f"""
gap AS (
  SELECT * FROM (
    SELECT seq_no, lag(seq_no) OVER (ORDER BY seq_no) AS low FROM ({event("seq_no")}) AS e
    WHERE seq_no >= 0 AND (SELECT last_no - first_no - numbered FROM edge)
      + (SELECT coalesce(sum(versions - 1), 0) FROM doubled) >= 0) AS ordered
  WHERE seq_no - low > 1),
shore AS (
  SELECT seq_no, min(occurred_at) AS occurred_at, min(artefact) AS artefact,
         bool_and(coalesce(sure_at >= {scope.start} AND sure_at <= {last}, false)) AS inside,
         bool_or(coalesce(occurred_at < {scope.end}, true)) AS early,
         bool_or(coalesce(occurred_at >= {scope.start}, true)) AS late
  FROM (SELECT *, CASE WHEN record NOT IN (SELECT record FROM wavering) THEN occurred_at END AS sure_at
        FROM ({event("record, seq_no, occurred_at, artefact")}) AS e
        WHERE seq_no IN (SELECT seq_no FROM gap) OR seq_no IN (SELECT low FROM gap)) AS s GROUP BY seq_no),
hole AS (
  SELECT g.seq_no, h.occurred_at, h.artefact, g.low, l.inside AND h.inside AS inside
  FROM gap AS g JOIN shore AS h ON h.seq_no = g.seq_no JOIN shore AS l ON l.seq_no = g.low WHERE l.early AND h.late)"""
