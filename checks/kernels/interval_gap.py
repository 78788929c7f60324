"""`interval-gap`: from one event to the next never passes more than a limit, the edges of the period included."""

from __future__ import annotations

from evidence.model import Reason

#: The record of the stretch from where a subject's time opens to its first event.
OPENING = "start"


def stretches(start: int, end: int, spare: int) -> str:
    """Return the CTEs that end in `stretch`: one row for every event until the next.

    Only rows that meet the time from `start` to `end` are left. They read three CTEs. `point (subject, record, met_at,
    due, artefact)` are the events that certainly happened, each with the instant by which another must follow. `edge
    (subject, opening, opening_due, closing, artefact)` has one row a subject: where its time opens and closes; a null
    `opening` opens nothing. `doubt (subject, low, high, why)` are events that may have happened somewhere from `low`
    to `high`; an empty subject may be any.

    A stretch is `late` when it runs on after `due` inside that time, and `proven` late when even its doubtful events,
    each worth at most `spare` more, could not have saved it. `due` itself is in time. `followed` says whether an event
    ended the stretch or only the subject's time did.
    """
    return f"""
opened AS (
  SELECT subject, record, met_at, due, artefact, 0 AS opens FROM point
  UNION ALL
  SELECT subject, '{OPENING}', opening, opening_due, artefact, 1 FROM edge
  WHERE opening IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM point AS p WHERE p.subject = edge.subject AND p.met_at <= edge.opening)),
chained AS (
  SELECT *, lead(met_at) OVER (PARTITION BY subject ORDER BY met_at, opens DESC, record) AS next_at FROM opened),
bounded AS (
  SELECT c.subject, c.record, c.met_at, c.due, c.artefact, c.opens, c.next_at IS NOT NULL AS followed,
         coalesce(c.next_at, greatest(e.closing, c.met_at)) AS ends
  FROM chained AS c JOIN edge AS e ON e.subject = c.subject),
present AS (
  SELECT *, (ends > due AND due < {end} AND ends > {start}) AS late FROM bounded
  WHERE met_at < {end} AND (met_at >= {start} OR ends > {start})),
doubtful AS (
  SELECT p.subject, p.record, p.met_at, count(*) AS doubts, min(d.why) AS why
  FROM present AS p JOIN doubt AS d ON (d.subject = p.subject OR d.subject = '')
  WHERE p.late AND d.low < p.ends AND d.high > p.met_at GROUP BY p.subject, p.record, p.met_at),
stretch AS (
  SELECT p.*, coalesce(d.doubts, 0) AS doubts, coalesce(d.why, '{Reason.INCOMPLETE_COVERAGE}') AS doubt,
         (p.late AND p.ends - p.due > coalesce(d.doubts, 0) * {spare}) AS proven
  FROM present AS p LEFT JOIN doubtful AS d ON d.subject = p.subject AND d.record = p.record AND d.met_at = p.met_at)"""
