"""What a deletion promise starts from, as common table expressions: triggers, certificates, systems and totals."""

from __future__ import annotations

from checks import sql
from checks.commitment import Scope
from evidence.model import Reason

HARD = "('hard', 'crypto')"

#: What a certificate must state besides its issuer and the digest of its file, before anything else of it is looked at.
_VALUES = ("trigger", "data_from", "data_to", "method", "backups_included", "subprocessors_included", "issued_at")
_LISTS = ("scope_systems", "data_classes")


def blank(column: str) -> str:
    """Return the condition that a text column says nothing."""
    return f"coalesce(trim({column}), '') = ''"


def lower_list(column: str) -> str:
    """Return a list column in lower case, without outer spaces."""
    return f"list_transform({column}, lambda x: lower(trim(x)))"


def within_days(instant: str, of: str) -> str:
    """Return the condition that an instant lies in the days from `data_from` to `data_to` of a row."""
    return f"{instant} >= {of}.data_from * {sql.DAY} AND {instant} < ({of}.data_to + 1) * {sql.DAY}"


def triggers(scope: Scope, after: str, due: int) -> str:
    """Return `trigger_event`, what occurred before the period's end, and `awaited`, what was due in it or later.

    What occurred before the clause was in force is not awaited under it. `doubt` is the reason why nothing can be said
    of one.
    """
    broken = (
        f"{sql.defective()} OR {blank('trigger_id')} OR trigger IS NULL OR occurred_at IS NULL OR occurred_at > "
        f"{scope.as_of} OR data_to < data_from OR len(scope) = 0 OR list_contains(scope, '')"
    )
    return f"""
stated_trigger AS (
  SELECT {sql.identity("trigger_id")} AS record, occurred_at, occurred_at + {due} AS due_at,
    {lower_list("scope")} AS scope, data_from, data_to, coalesce({broken}, false) AS broken, min(artefact) AS artefact
  FROM deletion_triggers
  WHERE coalesce(trigger = {sql.text(after)}, true) AND coalesce(occurred_at < {scope.end}, true)
  GROUP BY 1, 2, 3, 4, 5, 6, 7),
trigger_event AS (
  SELECT *, CASE WHEN broken THEN '{Reason.UNREADABLE_ROWS}'
    WHEN record IN (SELECT record FROM stated_trigger GROUP BY record HAVING count(*) > 1)
      THEN '{Reason.CONTRADICTED}' END AS doubt
  FROM stated_trigger),
awaited AS (
  SELECT * FROM trigger_event WHERE coalesce(due_at >= {scope.start} AND occurred_at >= {scope.since}, true))"""


def certificates(scope: Scope, after: str) -> str:
    """Return the CTE `certificate`: those issued by `as_of`, with the reason (`doubt`) why one proves nothing.

    A certificate counts only with a valid signature, a digest of its file, and the vendor as its issuer. What it leaves
    in backups is there until `backups_until`.
    """
    columns = (
        "scope_systems, data_classes, data_from, data_to, record_count, backups_included, backup_expiry, "
        "subprocessors_included, exceptions, issued_at, signature"
    )
    nothing = [blank("certificate_id"), *(f"{c} IS NULL" for c in _VALUES)]
    nothing += [f"coalesce(len({c}), 0) = 0" for c in _LISTS]
    trusted = (
        f"coalesce(signature = 'valid' AND {sql.same('issuer', scope.vendor)} "
        "AND regexp_matches(lower(trim(file_sha256)), '^[0-9a-f]{64}$'), false)"
    )
    unreadable = (
        f"{sql.defective()} OR {' OR '.join(nothing)} OR data_to < data_from OR data_to * {sql.DAY} > issued_at"
    )
    return f"""
stated_certificate AS (
  SELECT record, {columns}, systems, classes, trusted, unreadable, min(artefact) AS artefact
  FROM (SELECT {sql.identity("certificate_id")} AS record, {columns}, {lower_list("scope_systems")} AS systems,
          {lower_list("data_classes")} AS classes, {trusted} AS trusted, ({unreadable}) AS unreadable, artefact
        FROM deletion_certificates
        WHERE coalesce(trigger = {sql.text(after)}, true) AND coalesce(issued_at <= {scope.as_of}, true)) AS stated
  GROUP BY record, {columns}, systems, classes, trusted, unreadable),
certificate AS (
  SELECT *, (backup_expiry + 1) * {sql.DAY} - 1 AS backups_until, CASE
    WHEN record IN (SELECT record FROM stated_certificate GROUP BY record HAVING count(*) > 1)
      THEN '{Reason.CONTRADICTED}'
    WHEN NOT trusted THEN '{Reason.UNTRUSTED_EVIDENCE}' WHEN unreadable THEN '{Reason.UNREADABLE_ROWS}' END AS doubt
  FROM stated_certificate)"""


def known_systems() -> str:
    """Return the CTE `known_system`: all systems that the inventory names."""
    return f"""
known_system AS (
  SELECT lower(trim(system_id)) AS system FROM system_inventory WHERE NOT ({blank("system_id")}))"""


def systems() -> str:
    """Return the CTEs `system`, those that may hold content (`sure` if stated), and `spoken`, all that anything names.

    They read `known_system` and `lived`, and `barred`, of which `lived` tells.
    """
    return f"""
system AS (
  SELECT lower(trim(system_id)) AS system, kind, CASE WHEN NOT {sql.VOID} THEN valid_from END AS valid_from,
    CASE WHEN NOT {sql.VOID} THEN valid_to END AS valid_to,
    coalesce(in_scope AND holds_content, false) AND NOT {sql.VOID} AS sure
  FROM system_inventory
  WHERE NOT ({blank("system_id")}) AND coalesce(in_scope, true) AND coalesce(holds_content, true)),
spoken AS (SELECT system FROM known_system UNION SELECT system FROM lived WHERE system IS NOT NULL)"""


def lived(scope: Scope, named: str | None = None) -> str:
    """Return the CTEs `barred`, what the inventory excludes and when, and `lived`, the records of all other systems.

    It cannot exclude one of `named`, a list of systems that the contract names. A record is seen when a snapshot
    shows it and when it is deleted: until then it existed (`seen_at`). It is said to be gone at its deletion, or when
    it was missing (`struck_at`), and is, unless it was seen or captured again afterwards (`gone_at`).
    """
    besides = f" AND lower(trim(system_id)) NOT IN {named}" if named else ""
    return f"""
barred AS (
  SELECT lower(trim(system_id)) AS system, valid_from, valid_to FROM system_inventory
  WHERE (in_scope = false OR holds_content = false) AND NOT ({sql.defective()}) AND NOT {sql.VOID}{besides}),
life AS (
  SELECT nullif(lower(trim(system_id)), '') AS system, {sql.identity("record_id")} AS record,
    min(captured_at) AS captured_at, max(captured_at) AS recaptured_at,
    max(CASE WHEN delete_kind IN {HARD} THEN deleted_at WHEN deleted_at IS NULL THEN gone_by END) AS struck_at,
    max(greatest(deleted_at, CASE WHEN delete_kind IN {HARD} AND deleted_at IS NOT NULL THEN NULL
                                  ELSE snapshot_at END)) AS seen_at,
    max(CASE WHEN {sql.defective()} OR {blank("system_id")} OR {blank("record_id")} OR content_class IS NULL
                  OR captured_at IS NULL OR greatest(captured_at, deleted_at, snapshot_at, gone_by) > {scope.as_of}
                  OR (deleted_at IS NOT NULL AND delete_kind IS NULL)
             THEN 1 ELSE 0 END) AS broken, min(artefact) AS artefact
  FROM data_lifecycle AS d
  WHERE NOT EXISTS (SELECT 1 FROM barred AS b WHERE b.system = lower(trim(d.system_id))
    AND coalesce(b.valid_from <= d.captured_at, true) AND coalesce(b.valid_to > d.captured_at, true))
  GROUP BY 1, 2),
lived AS (
  SELECT *, CASE WHEN greatest(seen_at, recaptured_at) > struck_at THEN NULL ELSE struck_at END AS gone_at
  FROM life)"""


def gone_before(instant: str, of: str) -> str:
    """Return how many records of the systems and days of a row were gone before an instant."""
    return f"""(SELECT count(*) FROM lived AS r WHERE r.broken = 0 AND r.gone_at < {instant}
       AND list_contains({of}.systems, r.system) AND {within_days("r.captured_at", of)})"""


def totals(scope: Scope, claims: str, *, whole: bool) -> str:
    """Return the CTE `metered`: what each independent meter counted on the days a certificate covers.

    `claims` names the CTE of certificates, or of anything else with their record, systems and days. Totals add up the
    systems that it names; if `whole`, those of no system count too, on their own (`by_system` is false). They are
    `complete` if each day of each system was counted; else there were at least so many.
    """
    concerns, due, keys = "list_contains(c.systems, t.system)", "systems", "certificate, meter"
    if whole:
        concerns, due = f"coalesce({concerns}, true)", "CASE WHEN system IS NULL THEN 1 ELSE systems END"
        keys += ", by_system"
    return f"""
total AS (
  SELECT DISTINCT meter, lower(trim(system_id)) AS system, period_start, period_end, value FROM usage_totals
  WHERE metric = 'records' AND NOT ({blank("meter")}) AND value >= 0 AND NOT ({sql.defective()})
    AND period_end > period_start AND period_end <= {scope.as_of}
    AND NOT {sql.dependent_meter(scope.excluded_meters)}
    AND lower(trim(meter)) NOT IN (SELECT system FROM known_system)),
within AS (
  SELECT c.record AS certificate, t.meter, t.system, t.period_start, t.period_end, t.value, len(c.systems) AS systems,
    c.data_from * {sql.DAY} AS low, (c.data_to + 1) * {sql.DAY} AS high,
    lag(t.period_end) OVER (PARTITION BY c.record, t.meter, t.system ORDER BY t.period_start, t.period_end) AS before
  FROM {claims} AS c JOIN total AS t ON t.period_start >= c.data_from * {sql.DAY}
    AND t.period_end <= (c.data_to + 1) * {sql.DAY} AND {concerns}),
series AS (
  SELECT certificate, meter, {due} AS due, {"system IS NOT NULL AS by_system," if whole else ""}
    CASE WHEN bool_and(coalesce(before <= period_start, true)) THEN sum(value) ELSE max(value) END AS counted,
    min(period_start) = low AND max(period_end) = high AND bool_and(coalesce(before = period_start, true)) AS complete
  FROM within GROUP BY certificate, meter, system, systems, low, high),
metered AS (
  SELECT {keys}, sum(counted) AS counted, bool_and(complete) AND count(*) = due AS complete
  FROM series GROUP BY {keys}, due)"""
