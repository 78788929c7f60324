"""Data seen after its certified deletion: records still there, activity and accesses that cannot be.

These rows rest on certificates that carry the vendor's valid signature; what nobody claimed cannot be disproved.
"""

from __future__ import annotations

from checks import sql
from checks.commitment import Scope
from checks.kernels.deletion_claims import blank
from checks.kernels.set_membership import NOT_PROCESSED
from evidence.model import Reason

#: After the exit nothing may be done with the data at all; before it, the service goes on with other data.
EXIT = "exit"


def ctes(scope: Scope) -> str:
    """Return the CTE `claim`, trusted certificates, whatever triggered them, and what may contradict them."""
    tokens = "coalesce(input_tokens, 0) + coalesce(output_tokens, 0)"
    return f"""
claim AS (
  SELECT c.*, (c.backup_expiry + 1) * {sql.DAY} - 1 AS backups_until FROM certificate AS c
  WHERE c.doubt IS NULL),
window_start AS (
  SELECT least({scope.start}, coalesce(min(occurred_at), {scope.start})) AS since FROM trigger_event WHERE alive),
access AS (
  SELECT {sql.identity("event_id")} AS record, object, started_at, artefact AS source_artefact,
    ({sql.defective()} OR {blank("event_id")} OR {blank("object")} OR started_at IS NULL) AS broken
  FROM access_events),
activity AS (
  SELECT {sql.identity("activity_id")} AS record, activity AS done, occurred_at, artefact AS source_artefact,
    {tokens} AS tokens, outcome,
    coalesce(outcome IN {sql.texts(NOT_PROCESSED)} AND {tokens} = 0, false) AS refused,
    ({sql.defective()} OR {blank("activity_id")} OR activity IS NULL OR occurred_at IS NULL) AS broken
  FROM processing_activity WHERE coalesce(activity <> 'key', true))"""


def rows(scope: Scope, after: str) -> str:
    """Return what was seen after a claimed deletion; what cannot be read may be such a thing and is unknown."""
    legs = [_records(scope, after), _accesses(scope, after)]
    if after == EXIT:
        legs.append(_activity(scope))
    return "\n  UNION ALL ".join(legs)


def _records(scope: Scope, after: str) -> str:
    """A record is seen when it is captured, when a snapshot shows it, and when it is deleted: until then it existed."""
    last = "greatest(coalesce(r.gone_at, r.seen_at), coalesce(r.seen_at, r.gone_at))"
    own = f"r.captured_at >= c.data_from * {sql.DAY} AND r.captured_at < (c.data_to + 1) * {sql.DAY}"
    own += " AND list_contains(c.systems, r.system)"
    if after == EXIT:
        last, own = f"greatest({last}, r.captured_at)", "1 = 1"
    allowed = (
        "CASE WHEN r.system IN (SELECT system FROM system WHERE kind = 'backup') "
        "THEN greatest(c.issued_at, coalesce(c.backups_until, c.issued_at)) ELSE c.issued_at END"
    )
    return f"""
  SELECT 'record' AS subject, coalesce(r.system, '') || '/' || r.record AS record, {last} AS moment, r.artefact,
    CASE WHEN r.broken = 1 THEN 'unknown' ELSE 'violation' END AS outcome,
    CASE WHEN r.broken = 1 THEN '{Reason.UNREADABLE_ROWS}' ELSE 'seen after its certified deletion' END AS why
  FROM lived AS r JOIN claim AS c ON (r.broken = 1 OR ({own} AND {last} > {allowed} AND {last} <= {scope.as_of}
    AND {last} >= (SELECT since FROM window_start)))"""


def _later(scope: Scope, instant: str) -> str:
    return f"{instant} > c.issued_at AND {instant} <= {scope.as_of} AND {instant} >= (SELECT since FROM window_start)"


def _accesses(scope: Scope, after: str) -> str:
    """An access is to the data when it names a record of it or, after the exit, a system."""
    known = (
        "(a.object IN (SELECT r.record FROM lived AS r) OR lower(trim(a.object)) IN (SELECT r.system || '/' || "
        "lower(r.record) FROM lived AS r))"
    )
    later = _later(scope, "a.started_at")
    concerns = f"({later} AND {known})"
    if after == EXIT:
        known = f"({known} OR lower(trim(split_part(a.object, '/', 1))) IN (SELECT system FROM known_system))"
        concerns = f"({later})"
    return f"""
  SELECT 'access' AS subject, a.record, a.started_at AS moment, a.source_artefact AS artefact,
    CASE WHEN {later} AND {known} THEN 'violation' ELSE 'unknown' END AS outcome,
    CASE WHEN {later} AND {known} THEN 'access after the certified deletion'
         WHEN a.broken THEN '{Reason.UNREADABLE_ROWS}' ELSE '{Reason.CONTRADICTED}' END AS why
  FROM access AS a JOIN claim AS c ON ({concerns} OR a.broken)"""


def _activity(scope: Scope) -> str:
    """Attempts that were refused before any token flowed touched nothing; using a key is not using the data."""
    later = _later(scope, "p.occurred_at")
    proven = f"{later} AND p.done IS NOT NULL AND (p.outcome = 'ok' OR p.tokens > 0)"
    return f"""
  SELECT 'activity' AS subject, p.record, p.occurred_at AS moment, p.source_artefact AS artefact,
    CASE WHEN {proven} THEN 'violation' ELSE 'unknown' END AS outcome,
    CASE WHEN {proven} THEN p.done || ' after the certified deletion'
         WHEN p.broken THEN '{Reason.UNREADABLE_ROWS}' ELSE '{Reason.CONTRADICTED}' END AS why
  FROM activity AS p JOIN claim AS c ON (({later} AND NOT p.refused) OR p.broken)"""
