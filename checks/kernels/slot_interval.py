"""`interval-gap` over audit slots: no slot of a schedule is skipped, and what the runs judged leaves no hour out."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Query, Reach, Silence
from checks.kernels.interval_gap import OPENING, stretches
from checks.terms import SECOND, Duration
from evidence.model import Coverage, Reason

#: What schedulers call a slot's end, in lower case.
STATES = {
    "done": ("succeeded", "success", "successful", "completed", "complete", "ok", "finished"),
    "caught": ("caught_up", "caught-up", "caught up", "catch_up", "catch-up"),
    "partial": ("partial", "incomplete", "degraded", "completed_with_errors"),
    "missed": ("missed", "skipped", "failed", "failure", "error", "crashed", "cancelled", "canceled", "timed_out"),
    "waiting": ("scheduled", "pending", "running", "started", "in_progress", "late"),
}
#: The SHA-256 of nothing at all: what a run has sealed whose collectors returned nothing.
EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#: What stands in place of a digest where nothing was sealed.
NO_DIGEST = ("-", "0", "n/a", "na", "nil", "none", "null", EMPTY_DIGEST)
#: The record that says whether the windows reach from one edge of the period to the other.
WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class SlotInterval:
    """Slots at most `limit` apart, each with one completed run that sealed a bundle of its own; windows that join.

    A slot that failed is caught up by a completed run for the same slot, or by one that says so. A gap between two
    listed slots is a skipped slot; silence before the first and after the last is none. The last windows may end up to
    `limit` before the period does, because a run judges what lies behind it.
    """

    scope: Scope
    limit: Duration
    schedules: tuple[str, ...]

    name = "interval-gap"
    noun = "slots and windows"
    silences = (Silence(("audit_runs",)),)

    @property
    def measure(self) -> MeasureSpec:
        """Return the time from one slot to the next in microseconds, shown in seconds."""
        return MeasureSpec("time between slots", "s", self.limit.microseconds, SECOND)

    def classify(self) -> str:
        """Return one row per slot, two per schedule for its start and its windows, and one per run of no known slot."""
        return f"""
WITH {self._runs()},
{self._slots()},
{stretches(self.scope.start, self.scope.end, self.limit.microseconds)},
{self._windows()},
{self._judged()}
{sql.worst_per_record("every")}
"""

    def _runs(self) -> str:
        states = " ".join(f"WHEN lower(trim(status)) IN {sql.texts(w)} THEN '{s}'" for s, w in STATES.items())
        names = " ".join(f"WHEN {sql.same('schedule_id', n)} THEN {sql.text(n)}" for n in sorted(set(self.schedules)))
        return f"""
listed AS (
  SELECT CASE {names} ELSE coalesce(nullif(trim(schedule_id), ''), '') END AS subject,
         scheduled_for AS slot, started_at AS begun, finished_at AS ended, window_start AS low, window_end AS high,
         replace(lower(trim(bundle_sha256)), 'sha256:', '') AS bundle,
         CASE {states} ELSE '' END AS state, {sql.defective()} AS defective, artefact,
         CASE WHEN scheduled_for IS NULL THEN artefact || '#' || CAST(row AS VARCHAR)
              ELSE CAST(scheduled_for AS VARCHAR) END AS record
  FROM audit_runs),
run AS (
  SELECT subject, record, slot, begun, ended, low, high, bundle, state, min(artefact) AS artefact,
         (subject = '' OR slot IS NULL) AS adrift,
         (defective OR state = '' OR coalesce(ended < begun OR high <= low, false)
          OR (state IN ('done', 'caught', 'partial') AND (ended IS NULL OR low IS NULL OR high IS NULL OR ended < slot
              OR ended > {self.scope.as_of} OR high > ended))) AS broken
  FROM listed WHERE subject IN {sql.texts((*self.schedules, ""))}
  GROUP BY subject, record, slot, begun, ended, low, high, bundle, state, defective),
bundled AS (
  SELECT bundle, count(DISTINCT subject || '/' || record) AS uses FROM run
  WHERE coalesce(bundle, '') NOT IN {sql.texts(("", *NO_DIGEST))} AND state IN ('done', 'caught') GROUP BY bundle)"""

    def _slots(self) -> str:
        s, limit = self.scope, self.limit.microseconds
        named = ", ".join(f"({sql.text(n)})" for n in sorted(set(self.schedules)))
        return f"""
slot AS (
  SELECT r.subject, r.record, r.slot, min(r.artefact) AS artefact,
         count(CASE WHEN state IN ('done', 'caught') THEN 1 END) AS ends,
         bool_or(state = 'partial') AS partial, bool_or(state = 'missed') AS missed,
         bool_or(broken) AS broken,
         bool_or(state IN ('done', 'caught') AND coalesce(r.bundle, '') IN {sql.texts(("", *NO_DIGEST))}) AS unsealed,
         bool_or(coalesce(b.uses, 0) > 1) AS resealed,
         bool_or(state = 'done' AND coalesce(begun, ended) > r.slot + {limit})
         AND NOT bool_or(state = 'missed') AS late_run
  FROM run AS r LEFT JOIN bundled AS b ON b.bundle = r.bundle AND r.state IN ('done', 'caught')
  WHERE NOT r.adrift GROUP BY r.subject, r.record, r.slot),
point AS (
  SELECT subject, record, slot AS met_at, greatest(slot, {s.since}) + {limit} AS due, artefact FROM slot
  WHERE slot <= {s.as_of}),
doubt AS (
  SELECT subject, '{Reason.UNREADABLE_ROWS}' AS why, coalesce(slot, 0) AS low, coalesce(slot, {sql.NEVER}) AS high
  FROM run WHERE adrift),
schedule AS (
  SELECT n.subject, coalesce(min(r.artefact), '') AS artefact FROM (VALUES {named}) AS n(subject)
  LEFT JOIN run AS r ON r.subject = n.subject GROUP BY n.subject),
edge AS (
  SELECT subject, {s.start} AS opening, {s.start + limit} AS opening_due, {min(s.end, s.as_of)} AS closing, artefact
  FROM schedule)"""

    def _windows(self) -> str:
        """Gaps and laps between the windows of successive slots, and how far the windows reach.

        A slot outside the period may show that hours inside it were left out: nobody else's period has such a gap.
        While a slot between two windows may still be caught up, a gap between them is not yet one. What a run with
        errors saw of a slot that was run again is not seen for sure.
        """
        s = self.scope
        return f"""
judged_window AS (
  SELECT r.subject, r.record, r.slot, r.low, r.high, r.state, (r.state <> 'partial' OR l.ends = 0) AS whole
  FROM run AS r JOIN slot AS l ON l.subject = r.subject AND l.record = r.record
  WHERE NOT r.adrift AND NOT r.broken AND r.state IN ('done', 'caught', 'partial')),
joined AS (
  SELECT *, max(high) OVER before AS behind, max(CASE WHEN whole THEN high END) OVER before AS whole_behind,
         max(slot) OVER before AS slot_before,
         coalesce(lag(state) OVER (PARTITION BY subject ORDER BY low, high, slot), '') AS state_before
  FROM judged_window
  WINDOW before AS (PARTITION BY subject ORDER BY low, high, slot ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
seam AS (
  SELECT j.subject, j.record, bool_or(j.low > j.behind AND j.low > {s.start} AND j.behind < {s.end}) AS torn,
         bool_or(j.whole AND j.low > j.whole_behind AND j.low <= j.behind AND j.low > {s.start}
                 AND j.whole_behind < {s.end}) AS half,
         bool_or(j.low < j.behind AND j.state <> 'caught' AND j.state_before <> 'caught') AS laps,
         bool_or(u.subject IS NOT NULL) AS unsure, bool_or(p.subject IS NOT NULL) AS pending
  FROM joined AS j LEFT JOIN run AS u ON (u.broken OR u.adrift) AND u.state <> 'missed'
    AND u.subject IN (j.subject, '') AND coalesce(u.slot, j.slot) BETWEEN least(j.slot, j.slot_before) AND j.slot
  LEFT JOIN slot AS p ON p.ends = 0 AND p.slot + {self.limit.microseconds} >= {s.as_of}
    AND p.subject = j.subject AND p.slot BETWEEN least(j.slot, j.slot_before) AND j.slot
  GROUP BY j.subject, j.record),
beyond AS (
  SELECT w.subject, bool_or(w.torn AND NOT w.unsure AND NOT w.pending) AS sure,
         bool_or(w.unsure OR w.half) AS unsure FROM seam AS w
  WHERE (w.torn OR w.half) AND NOT EXISTS (
    SELECT 1 FROM stretch AS t WHERE t.opens = 0 AND t.subject = w.subject AND t.record = w.record)
  GROUP BY w.subject),
reached AS (
  SELECT subject, min(CASE WHEN high >= {s.start} THEN low END) AS low, max(high) AS high
  FROM judged_window WHERE whole GROUP BY subject)"""

    def _judged(self) -> str:
        s, limit = self.scope, self.limit.microseconds
        return f"""
weighed AS (
  SELECT t.*, (t.opens = 0 AND t.met_at >= {s.start}) AS due_here, coalesce(l.ends, 0) AS runs,
    coalesce(l.broken, false) AS broken, coalesce(l.missed, false) AS missed, coalesce(l.partial, false) AS partial,
    coalesce(l.unsealed OR l.resealed OR l.late_run, false) AS odd, coalesce(l.unsealed, false) AS unsealed,
    coalesce(w.torn, false) AS torn, coalesce(w.half, false) AS half,
    coalesce(w.laps, false) AS laps, coalesce(w.unsure, false) AS unsure,
    coalesce(w.pending, false) AS pending
  FROM stretch AS t LEFT JOIN slot AS l ON t.opens = 0 AND l.subject = t.subject AND l.record = t.record
  LEFT JOIN seam AS w ON t.opens = 0 AND w.subject = t.subject AND w.record = t.record),
named AS (
  SELECT *, CASE WHEN late AND proven AND followed AND opens = 0 THEN 'a slot is missing'
                 WHEN due_here AND runs = 0 AND missed AND met_at + {limit} < {s.as_of} THEN 'the slot was missed'
                 WHEN torn AND NOT unsure AND NOT pending THEN 'hours before this window were never audited'
                 END AS wrong,
    CASE WHEN late THEN doubt WHEN torn AND unsure THEN '{Reason.UNREADABLE_ROWS}'
         WHEN torn THEN '{Reason.NOT_YET_DUE}' WHEN half THEN '{Reason.INCOMPLETE_COVERAGE}' WHEN NOT due_here THEN NULL
         WHEN broken THEN '{Reason.UNREADABLE_ROWS}' WHEN runs > 1 OR (odd AND NOT unsealed) OR laps
           THEN '{Reason.CONTRADICTED}'
         WHEN unsealed THEN '{Reason.NO_EVIDENCE}' WHEN runs = 0 AND partial THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN runs = 0 AND NOT missed AND met_at + {limit} < {s.as_of} THEN '{Reason.STALE}' END AS open_question
  FROM weighed),
every AS (
  SELECT subject, record, met_at AS moment, artefact,
    CASE WHEN wrong IS NOT NULL THEN 'violation' WHEN open_question IS NOT NULL THEN 'unknown'
         WHEN due_here AND runs = 0 THEN 'open' ELSE 'ok' END AS outcome,
    coalesce(wrong, open_question, '') AS why,
    CASE WHEN late AND wrong IS NULL THEN NULL WHEN late THEN ends - due + {limit}
         ELSE greatest(least(ends, due) - due + {limit}, 0) END AS measure
  FROM named
  UNION ALL
  SELECT e.subject, '{WINDOWS}', {s.start}, e.artefact,
    CASE WHEN b.sure THEN 'violation' WHEN b.subject IS NOT NULL THEN 'unknown'
         WHEN r.low <= {s.start} AND r.high >= e.closing - {limit} THEN 'ok' ELSE 'unknown' END,
    CASE WHEN b.sure THEN 'hours before a later window were never audited'
         WHEN b.unsure THEN '{Reason.UNREADABLE_ROWS}' WHEN b.subject IS NOT NULL THEN '{Reason.NOT_YET_DUE}'
         WHEN r.low <= {s.start} AND r.high >= e.closing - {limit} THEN '' ELSE '{Reason.INCOMPLETE_COVERAGE}' END,
    CAST(NULL AS BIGINT)
  FROM edge AS e LEFT JOIN reached AS r ON r.subject = e.subject LEFT JOIN beyond AS b ON b.subject = e.subject
  UNION ALL
  SELECT subject, record, slot, artefact, 'unknown', '{Reason.UNREADABLE_ROWS}', CAST(NULL AS BIGINT) FROM run
  WHERE adrift AND coalesce(slot, {s.start}) >= {s.start} AND coalesce(slot, {s.start}) < {s.end})"""

    def reach(self, query: Query) -> Reach:
        """Return per schedule whether its slots are known and its windows reach across the whole period."""
        counts = {
            r[0]: (r[1], r[2])
            for r in query(
                f"SELECT subject, count(CASE WHEN record NOT IN ('{OPENING}', '{WINDOWS}') THEN 1 END), "
                "count(CASE WHEN outcome = 'unknown' THEN 1 END) FROM classified GROUP BY subject"
            )
        }
        coverage = tuple(self._coverage(s, *counts.get(s, (0, 0))) for s in sorted(set(self.schedules)))
        return Reach(
            coverage=coverage,
            gaps=frozenset() if all(c.covered for c in coverage) else frozenset({Reason.INCOMPLETE_COVERAGE}),
        )

    def _coverage(self, schedule: str, slots: int, unknown: int) -> Coverage:
        note = "not every slot and window of the period is known" if unknown or not slots else ""
        return Coverage(subject=schedule, covered=not note, observed=slots, note=note)
