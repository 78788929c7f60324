"""Data seen after its certified deletion: records still there, activity and accesses that cannot be.

These rows rest on certificates that carry the vendor's valid signature; what nobody claimed cannot be disproved.
"""

from __future__ import annotations

from checks import sql
from checks.commitment import Scope
from checks.kernels.deletion_claims import blank, within_days
from checks.kernels.set_membership import NOT_PROCESSED
from evidence.model import Reason

#: After the exit nothing may be done with the data at all; before it, the service goes on with other data.
EXIT = "exit"


def ctes(scope: Scope, after: str) -> str:
    """Return the CTEs `claim`, trusted certificates, and `seen`, what may contradict them.

    Each row of `seen` has its `fault`, where it certainly contradicts one, and its `lack`, where it may. After the exit
    all must be gone once a certificate names every system, or with the last one; until then only what a certificate
    names (`final`). One from before another exit says nothing of what came between them. A record whose last life began
    outside the days of a certificate is not for sure the one that it names (`same`).
    """
    named = "list_contains(c.systems, r.system)"
    own = f"(c.final OR {named})" if after == EXIT else f"({within_days('r.captured_at', 'c')} AND {named})"
    same = "1 = 1" if after == EXIT else f"({within_days('r.recaptured_at', 'c')})"
    legs = [_records(after), _accesses(scope, after), *([_activity(scope)] if after == EXIT else [])]
    certified = f"""
certified AS (
  SELECT r.system, r.record, min(c.issued_at) AS first_at, min(CASE WHEN {same} THEN c.issued_at END) AS gone_at
  FROM lived AS r LEFT JOIN claim AS c ON {own} GROUP BY r.system, r.record),"""
    return f"""
trusted_claim AS (
  SELECT c.*, NOT EXISTS (SELECT 1 FROM system AS s WHERE s.sure AND NOT list_contains(c.systems, s.system)
    AND coalesce(s.valid_from <= c.issued_at, true) AND coalesce(s.valid_to > c.issued_at, true)) AS whole
  FROM certificate AS c WHERE c.doubt IS NULL{_superseded(after)}),
claim AS (
  SELECT *, issued_at >= (SELECT coalesce(min(CASE WHEN whole THEN issued_at END), max(issued_at))
                          FROM trusted_claim) AS final FROM trusted_claim),
window_start AS (SELECT least({scope.start}, min(occurred_at)) AS since FROM awaited),
aftermath AS (
  SELECT greatest(min(c.issued_at) + 1, w.since) AS since
  FROM claim AS c CROSS JOIN window_start AS w WHERE {"c.final" if after == EXIT else "1 = 1"} GROUP BY w.since),
claimed AS (
  SELECT r.system, r.record, r.recaptured_at, r.seen_at, r.artefact, c.issued_at, c.backups_until, {same} AS same
  FROM lived AS r JOIN claim AS c ON {own} WHERE r.broken = 0),{certified if after != EXIT else ""}
seen AS ({" UNION ALL ".join(legs)})"""


def _superseded(after: str) -> str:
    """Return what leaves out the certificates of an earlier exit: the service went on until the next one."""
    if after != EXIT:
        return ""
    return " AND NOT EXISTS (SELECT 1 FROM trigger_event AS t WHERE t.doubt IS NULL AND t.occurred_at > c.issued_at)"


def rows() -> str:
    """Return what was seen after a claimed deletion; what cannot be read may be such a thing and is unknown."""
    return """
  SELECT subject, record, moment, artefact, CASE WHEN fault IS NULL THEN 'unknown' ELSE 'violation' END AS outcome,
    coalesce(fault, lack) AS why
  FROM seen WHERE coalesce(fault, lack) IS NOT NULL"""


def _records(after: str) -> str:
    """Data in backups may be there until they expire; after the exit, none may be captured either."""
    last = "greatest(seen_at, recaptured_at)" if after == EXIT else "seen_at"
    backups = "CASE WHEN system IN (SELECT system FROM system WHERE kind = 'backup') THEN backups_until END"
    named = "coalesce(system, '') || '/' || record AS record"
    later = f"{last} > greatest(issued_at, {backups}) AND {last} >= (SELECT since FROM window_start)"
    return f"""
  SELECT 'record' AS subject, {named}, {last} AS moment, artefact,
    CASE WHEN {later} AND same THEN 'seen after its certified deletion' END AS fault,
    CASE WHEN {later} THEN '{Reason.CONTRADICTED}' END AS lack
  FROM claimed
  UNION ALL SELECT 'record', {named}, seen_at, artefact, CAST(NULL AS VARCHAR), '{Reason.UNREADABLE_ROWS}'
  FROM lived CROSS JOIN aftermath WHERE broken = 1"""


def _accesses(scope: Scope, after: str) -> str:
    """An access is to the data when it names a record of it or, after the exit, a system.

    What several records are called is gone for certain when all of them are.
    """
    later = f"e.started_at BETWEEN s.since AND {scope.as_of}"
    if after == EXIT:
        maybe, joined = later, ""
        known = (
            "e.object IN (SELECT record FROM lived) OR lower(trim(e.object)) IN (SELECT system || '/' || lower(record) "
            "FROM lived) OR lower(trim(split_part(e.object, '/', 1))) IN (SELECT system FROM known_system)"
        )
    else:
        maybe = f"{later} AND e.started_at > least(r.first_at, p.first_at)"
        known = "e.started_at > r.gone_at OR e.started_at > p.gone_at"
        joined = f"""
  LEFT JOIN {_gone("record")} AS r ON r.called = e.object
  LEFT JOIN {_gone("system || '/' || lower(record)")} AS p ON p.called = lower(trim(e.object))"""
    return f"""
  SELECT 'access', {sql.identity("event_id")}, e.started_at, e.artefact,
    CASE WHEN {later} AND ({known}) THEN 'access after the certified deletion' END,
    CASE WHEN {sql.defective()} OR {blank("event_id")} OR {blank("object")} OR e.started_at IS NULL
         THEN '{Reason.UNREADABLE_ROWS}' WHEN {maybe} THEN '{Reason.CONTRADICTED}' END
  FROM access_events AS e CROSS JOIN aftermath AS s{joined}"""


def _gone(called: str) -> str:
    """Return since when any record of a name, and all records of it, are certified to be gone."""
    return f"""(
    SELECT {called} AS called, min(first_at) AS first_at,
      CASE WHEN count(*) = count(gone_at) THEN max(gone_at) END AS gone_at
    FROM certified GROUP BY 1)"""


def _activity(scope: Scope) -> str:
    """Attempts that were refused before any token flowed touched nothing; using a key is not using the data."""
    later = f"e.occurred_at BETWEEN s.since AND {scope.as_of}"
    used = "SELECT *, coalesce(input_tokens, 0) + coalesce(output_tokens, 0) AS tokens FROM processing_activity"
    return f"""
  SELECT 'activity', {sql.identity("activity_id")}, e.occurred_at, e.artefact,
    CASE WHEN {later} AND (e.outcome = 'ok' OR e.tokens > 0) THEN e.activity || ' after the certified deletion' END,
    CASE WHEN {sql.defective()} OR {blank("activity_id")} OR e.activity IS NULL OR e.occurred_at IS NULL
         THEN '{Reason.UNREADABLE_ROWS}' WHEN e.outcome IN {sql.texts(NOT_PROCESSED)} AND e.tokens = 0 THEN NULL
         WHEN {later} THEN '{Reason.CONTRADICTED}' END
  FROM ({used}) AS e CROSS JOIN aftermath AS s WHERE coalesce(e.activity <> 'key', true)"""
