"""`interval-gap` over purge runs: every cache is emptied at least so often, and nothing old is left in it."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Query, Reach, Silence
from checks.kernels.interval_gap import stretches
from checks.terms import SECOND, Duration
from evidence.model import Coverage, Reason

#: What jobs call an end in success, an end without it, and no end yet; in lower case.
DONE = ("succeeded", "success", "successful", "completed", "complete", "ok")
FAILED = (
    "failed",
    "failure",
    "error",
    "aborted",
    "cancelled",
    "canceled",
    "partial",
    "skipped",
    "timeout",
    "timed_out",
)
RUNNING = ("running", "started", "in_progress", "pending", "scheduled")
#: Kinds of inventoried systems that are caches whether or not the contract names them.
CACHES = ("cache", "index")


@dataclass(frozen=True, slots=True)
class PurgeInterval:
    """The time from one finished purge to the next; `limit` itself is allowed, and so it is as the age of a leftover.

    Only a run that ended in success empties a cache. An item that was there before a purge began and is there after it
    was not purged; its age runs on to the next purge. A log that falls silent proves nothing: only a gap between two of
    its entries does. A cache that the inventory says came or went within the period is judged while it was there.
    """

    scope: Scope
    limit: Duration
    caches: tuple[str, ...]

    name = "interval-gap"
    noun = "intervals between purges"
    silences = (Silence(("purge_runs",), "why <> 'an item older than the limit was left'"),)

    @property
    def measure(self) -> MeasureSpec:
        """Return the time in microseconds that something stayed unpurged, shown in seconds."""
        return MeasureSpec("time without a purge", "s", self.limit.microseconds, SECOND)

    def classify(self) -> str:
        """Return one row per purge until the next, one per cache for the start, one per run that purged nothing."""
        return f"""
WITH {self._runs()},
{self._lives()},
{stretches(self.scope.start, self.scope.end, self.limit.microseconds)},
{self._leftovers()},
{self._judged()},
{self._others()},
every AS (SELECT * FROM judged UNION ALL SELECT * FROM other)
{sql.worst_per_record("every")}
"""

    def _runs(self) -> str:
        as_of, limit = self.scope.as_of, self.limit.microseconds
        return f"""
listed AS (
  SELECT coalesce(nullif(trim(cache_id), ''), '') AS subject, started_at AS begun, finished_at AS ended, items_after,
         oldest_item_at_after AS oldest, artefact,
         CASE WHEN started_at IS NULL THEN artefact || '#' || CAST(row AS VARCHAR)
              ELSE CAST(started_at AS VARCHAR) END AS record,
         CASE WHEN lower(trim(status)) IN {sql.texts(DONE)} THEN 'done'
              WHEN lower(trim(status)) IN {sql.texts(FAILED)} THEN 'failed'
              WHEN lower(trim(status)) IN {sql.texts(RUNNING)} THEN 'running' ELSE '' END AS state,
         ({sql.defective()} OR coalesce(items_before, 0) < 0 OR coalesce(items_after, 0) < 0) AS defective
  FROM purge_runs),
run AS (
  SELECT subject, record, begun, ended, state, items_after, oldest, min(artefact) AS artefact,
         (defective OR subject = '' OR begun IS NULL OR state = '' OR (state = 'done' AND ended IS NULL)
          OR coalesce(ended < begun, false) OR greatest(coalesce(begun, 0), coalesce(ended, 0)) > {as_of}) AS broken
  FROM listed GROUP BY subject, record, begun, ended, state, items_after, oldest, defective),
version AS (
  SELECT subject, record, count(*) AS versions FROM run WHERE state <> 'running' GROUP BY subject, record),
told AS (
  SELECT r.*, coalesce(v.versions, 0) > 1 AS torn FROM run AS r
  LEFT JOIN version AS v ON v.subject = r.subject AND v.record = r.record),
doubt AS (
  SELECT subject, CASE WHEN torn THEN '{Reason.CONTRADICTED}' ELSE '{Reason.UNREADABLE_ROWS}' END AS why,
         coalesce(ended, begun, 0) AS low,
         CASE WHEN begun IS NULL OR ended >= begun THEN coalesce(ended, {sql.NEVER}) ELSE begun + {limit} END AS high
  FROM told WHERE broken OR torn OR state = 'running')"""

    def _lives(self) -> str:
        """Return the caches and when they were there.

        A run at another time than the inventory states shows that the cache was there then; nothing else does, and so
        a gap up to it proves nothing.
        """
        s, named = self.scope, ", ".join(f"({sql.text(c)})" for c in sorted(set(self.caches)))
        return f"""
life AS (
  SELECT system_id AS subject, min(coalesce(valid_from, 0)) AS born, max(coalesce(valid_to, {sql.NEVER})) AS died,
         (min(coalesce(valid_from, 0)) <> max(coalesce(valid_from, 0)) OR bool_or({sql.defective()})
          OR min(coalesce(valid_to, {sql.NEVER})) <> max(coalesce(valid_to, {sql.NEVER}))) AS patchy,
         bool_and(coalesce(in_scope = false OR holds_content = false, false) AND NOT ({sql.defective()})
                  AND NOT {sql.VOID}) AS outside,
         bool_or(coalesce(kind IN {sql.texts(CACHES)}, false)) AS is_cache
  FROM system_inventory WHERE system_id IS NOT NULL GROUP BY system_id),
cache AS (
  SELECT subject FROM (VALUES {named}) AS named(subject)
  UNION SELECT subject FROM life WHERE is_cache AND NOT outside
  UNION SELECT r.subject FROM run AS r LEFT JOIN life AS l ON l.subject = r.subject WHERE r.subject <> ''
    AND NOT coalesce(l.outside AND coalesce(r.begun, l.born) >= l.born AND coalesce(r.begun, l.died) <= l.died, false)),
heard AS (
  SELECT subject, min(least(coalesce(begun, ended), coalesce(ended, begun))) AS first_at,
         max(greatest(coalesce(begun, ended), coalesce(ended, begun))) AS last_at, min(artefact) AS artefact
  FROM run WHERE NOT broken GROUP BY subject),
span AS (
  SELECT subject, greatest({s.start}, born) AS opening, born, least({s.end}, {s.as_of}, died) AS closing, patchy
  FROM (SELECT c.subject, least(coalesce(l.born, 0), coalesce(h.first_at, {sql.NEVER})) AS born,
          greatest(coalesce(l.died, {sql.NEVER}), coalesce(h.last_at, 0)) AS died,
          coalesce(l.patchy, false) OR coalesce(h.first_at < l.born OR h.last_at > l.died, false) AS patchy
        FROM cache AS c LEFT JOIN life AS l ON l.subject = c.subject
        LEFT JOIN heard AS h ON h.subject = c.subject) AS lasting),
edge AS (
  SELECT s.subject, s.opening, s.opening + {self.limit.microseconds} AS opening_due, s.closing,
         coalesce(h.artefact, '') AS artefact
  FROM span AS s LEFT JOIN heard AS h ON h.subject = s.subject WHERE s.opening < s.closing),
point AS (
  SELECT t.subject, t.record, t.ended AS met_at, t.artefact,
         greatest(t.ended, s.born, {s.since}) + {self.limit.microseconds} AS due
  FROM told AS t JOIN span AS s ON s.subject = t.subject WHERE t.state = 'done' AND NOT t.broken AND NOT t.torn)"""

    def _leftovers(self) -> str:
        return f"""
measured AS (
  SELECT s.*, t.begun, t.items_after, t.oldest, v.patchy, s.due - {self.limit.microseconds} AS counted,
         CASE WHEN s.opens = 1 THEN greatest(s.met_at, coalesce(h.first_at, {sql.NEVER}))
              ELSE s.due - {self.limit.microseconds} END AS known_from,
         CASE WHEN s.followed THEN s.ends ELSE least(s.ends, coalesce(h.last_at, 0)) END AS known_to,
         CASE WHEN t.oldest IS NOT NULL THEN greatest(t.oldest, {self.scope.since}) END AS kept_since
  FROM stretch AS s JOIN span AS v ON v.subject = s.subject
  LEFT JOIN heard AS h ON h.subject = s.subject
  LEFT JOIN told AS t ON s.opens = 0 AND t.subject = s.subject AND t.record = s.record AND t.state = 'done'),
aged AS (
  SELECT *, met_at - kept_since AS age, CASE WHEN oldest < begun THEN ends - kept_since ELSE 0 END AS later_age,
         (kept_since + {self.limit.microseconds} < {self.scope.end} AND ends > {self.scope.start}) AS meets
  FROM measured)"""

    def _judged(self) -> str:
        limit, start = self.limit.microseconds, self.scope.start
        return f"""
weighed AS (
  SELECT *,
    (late AND NOT patchy AND known_to - known_from > (doubts + 1) * {limit}) AS overdue,
    coalesce(met_at >= {start} AND age > {limit} AND coalesce(items_after, 1) <> 0, false) AS stale,
    coalesce(meets AND later_age > {limit} AND doubts = 0 AND coalesce(items_after, 1) <> 0, false) AS outlived,
    (opens = 0 AND met_at >= {start} AND (items_after IS NULL OR (items_after > 0 AND oldest IS NULL))) AS uncounted,
    coalesce(met_at >= {start} AND (oldest > met_at OR (items_after = 0 AND oldest IS NOT NULL)), false) AS at_odds
  FROM aged),
decided AS (
  SELECT *, CASE WHEN overdue OR stale OR (outlived AND followed) THEN 'violation'
                 WHEN late OR outlived OR uncounted OR at_odds THEN 'unknown' ELSE 'ok' END AS outcome
  FROM weighed),
judged AS (
  SELECT subject, record, met_at AS moment, artefact, outcome,
    CASE WHEN stale THEN 'an item older than the limit was left' WHEN overdue THEN 'the next purge came too late'
         WHEN outlived AND followed THEN 'an item that a purge left outlived the limit'
         WHEN at_odds THEN '{Reason.CONTRADICTED}' WHEN late THEN doubt
         WHEN outlived OR uncounted THEN '{Reason.INCOMPLETE_COVERAGE}' ELSE '' END AS why,
    CASE outcome WHEN 'ok' THEN greatest(least(ends, due) - counted, 0)
                 WHEN 'violation' THEN greatest(CASE WHEN overdue THEN known_to - known_from ELSE 0 END,
                                                CASE WHEN stale THEN age ELSE 0 END,
                                                CASE WHEN outlived THEN later_age ELSE 0 END) END AS measure
  FROM decided)"""

    def _others(self) -> str:
        """Runs that emptied nothing for certain: they carry no weight, are unknown, or show what is too old."""
        limit = self.limit.microseconds
        return f"""
shown AS (
  SELECT *, CASE WHEN oldest IS NOT NULL THEN greatest(oldest, {self.scope.since}) + {limit} END AS too_old_after,
         coalesce(oldest > ended OR (items_after = 0 AND oldest IS NOT NULL), false) AS at_odds
  FROM told
  WHERE (broken OR torn OR state <> 'done') AND (subject = '' OR subject IN (SELECT subject FROM cache))
    AND coalesce(ended, begun, {self.scope.start}) >= {self.scope.start}
    AND coalesce(least(begun, ended), ended, begun, {self.scope.start}) < {self.scope.end}
    AND NOT (state = 'running' AND NOT broken AND EXISTS (
      SELECT 1 FROM version AS v WHERE v.subject = told.subject AND v.record = told.record))),
sifted AS (
  SELECT *, CASE WHEN broken OR torn OR at_odds THEN 'unknown'
                 WHEN too_old_after < {self.scope.end} AND coalesce(ended, begun) > too_old_after THEN 'violation'
                 ELSE 'excused' END AS outcome
  FROM shown),
other AS (
  SELECT subject, record, coalesce(ended, begun) AS moment, artefact, outcome,
    CASE WHEN outcome = 'violation' THEN 'an item older than the limit was left'
         WHEN broken AND NOT torn THEN '{Reason.UNREADABLE_ROWS}'
         WHEN outcome = 'unknown' THEN '{Reason.CONTRADICTED}' ELSE state END AS why,
    CASE WHEN outcome = 'violation' THEN coalesce(ended, begun) - too_old_after + {limit} END AS measure
  FROM sifted)"""

    def reach(self, query: Query) -> Reach:
        """Return per cache of the contract and the inventory whether its purges are known for the whole period."""
        judged = {
            r[0]: (r[1], r[2])
            for r in query(
                "SELECT subject, count(CASE WHEN outcome IN ('ok', 'violation') THEN 1 END), "
                "count(CASE WHEN outcome = 'unknown' THEN 1 END) FROM classified GROUP BY subject"
            )
        }
        held = (
            "SELECT DISTINCT system_id FROM system_inventory WHERE system_id IS NOT NULL AND coalesce(in_scope, true) "
            f"AND coalesce(holds_content, true) AND {sql.in_force(self.scope.start, self.scope.end)}"
        )
        inventory = {r[0] for r in query(held)}
        inventoried = {r[0] for r in query(f"{held} AND kind IN {sql.texts(CACHES)}")}
        unreadable = query(
            f"SELECT count(*) FROM system_inventory WHERE coalesce(trim(system_id), '') = '' OR kind IS NULL "
            f"OR holds_content IS NULL OR in_scope IS NULL OR {sql.VOID} OR {sql.defective()}"
        )[0][0]
        coverage = tuple(
            self._coverage(cache, *judged.get(cache, (0, 0)), listed=cache in inventory)
            for cache in sorted({*self.caches, *inventoried, *judged} - {""})
        )
        gaps = {Reason.UNREADABLE_ROWS} if unreadable else set[Reason]()
        if any(not c.covered for c in coverage):
            gaps.add(Reason.INCOMPLETE_COVERAGE)
        return Reach(coverage=coverage, gaps=frozenset(gaps))

    def _coverage(self, cache: str, known: int, unknown: int, *, listed: bool) -> Coverage:
        note = "the purges of the whole period are not known" if unknown or not known else ""
        if cache in self.caches and not listed:
            note = "the contract names it and the inventory does not"
        return Coverage(subject=cache, covered=not note, observed=known + unknown, note=note)
