"""What a deletion promise starts from, as common table expressions: triggers, certificates, systems and totals."""

from __future__ import annotations

from checks import sql
from checks.commitment import Scope
from evidence.model import Reason

HARD = "('hard', 'crypto')"

#: What a certificate must state before anything else of it is looked at.
_TEXTS = ("certificate_id", "issuer", "file_sha256")
_VALUES = ("trigger", "data_from", "data_to", "method", "backups_included", "subprocessors_included", "issued_at")
_LISTS = ("scope_systems", "data_classes")


def blank(column: str) -> str:
    """Return the condition that a text column says nothing."""
    return f"coalesce(trim({column}), '') = ''"


def lower_list(column: str) -> str:
    """Return a list column in lower case, without outer spaces."""
    return f"list_transform({column}, lambda x: lower(trim(x)))"


def triggers(scope: Scope, after: str, due: int) -> str:
    """Return the CTE `trigger_event`: what occurred before the period's end, `alive` if due in the period or later."""
    broken = (
        f"{sql.defective()} OR {blank('trigger_id')} OR trigger IS NULL OR occurred_at IS NULL "
        f"OR occurred_at > {scope.as_of} OR data_to < data_from OR len(scope) = 0"
    )
    return f"""
stated_trigger AS (
  SELECT {sql.identity("trigger_id")} AS record, occurred_at, {lower_list("scope")} AS scope, data_from, data_to,
         coalesce({broken}, false) AS broken, min(artefact) AS artefact
  FROM deletion_triggers
  WHERE (trigger IS NULL OR trigger = {sql.text(after)}) AND (occurred_at IS NULL OR occurred_at < {scope.end})
  GROUP BY 1, 2, 3, 4, 5, 6),
trigger_event AS (
  SELECT *, coalesce(occurred_at + {due} >= {scope.start}, true) AS alive,
         record IN (SELECT record FROM stated_trigger GROUP BY record HAVING count(*) > 1) AS disputed
  FROM stated_trigger)"""


def certificates(scope: Scope, after: str) -> str:
    """Return the CTE `certificate`: those issued by `as_of`, with the reason (`doubt`) why one proves nothing.

    A certificate counts only with a valid signature, a digest of its file, and the vendor as its issuer.
    """
    columns = (
        "scope_systems, data_classes, data_from, data_to, record_count, backups_included, backup_expiry, "
        "subprocessors_included, exceptions, issued_at, signature"
    )
    nothing = [*(blank(c) for c in _TEXTS), *(f"{c} IS NULL" for c in _VALUES)]
    nothing += [f"coalesce(len({c}), 0) = 0" for c in _LISTS]
    untrusted = (
        f"coalesce(signature, '') <> 'valid' OR NOT coalesce({sql.same('issuer', scope.vendor)}, false) "
        "OR NOT coalesce(regexp_matches(lower(trim(file_sha256)), '^[0-9a-f]{64}$'), false)"
    )
    unreadable = (
        f"{sql.defective()} OR {' OR '.join(nothing)} OR data_to < data_from OR data_to * {sql.DAY} > issued_at"
    )
    return f"""
stated_certificate AS (
  SELECT record, {columns}, systems, classes, untrusted, unreadable, min(artefact) AS artefact
  FROM (SELECT {sql.identity("certificate_id")} AS record, {columns}, {lower_list("scope_systems")} AS systems,
          {lower_list("data_classes")} AS classes, coalesce({untrusted}, true) AS untrusted,
          coalesce({unreadable}, false) AS unreadable, artefact
        FROM deletion_certificates
        WHERE (trigger IS NULL OR trigger = {sql.text(after)})
          AND (issued_at IS NULL OR issued_at <= {scope.as_of})) AS stated
  GROUP BY record, {columns}, systems, classes, untrusted, unreadable),
certificate AS (
  SELECT *, CASE
    WHEN record IN (SELECT record FROM stated_certificate GROUP BY record HAVING count(*) > 1)
      THEN '{Reason.CONTRADICTED}'
    WHEN untrusted THEN '{Reason.UNTRUSTED_EVIDENCE}' WHEN unreadable THEN '{Reason.UNREADABLE_ROWS}' END AS doubt
  FROM stated_certificate)"""


def systems(scope: Scope, named: str = "('')") -> str:
    """Return the CTEs `known_system` (all named ones) and `system` (those that may hold content, `sure` if stated).

    `lived` are the records of every system that the inventory does not leave out; it cannot leave out one of `named`, a
    list of systems that the contract names.
    """
    return f"""
known_system AS (
  SELECT DISTINCT lower(trim(system_id)) AS system FROM system_inventory WHERE NOT ({blank("system_id")})),
system AS (
  SELECT DISTINCT lower(trim(system_id)) AS system, kind, valid_from, valid_to,
    coalesce(in_scope AND holds_content, false) AS sure
  FROM system_inventory
  WHERE NOT ({blank("system_id")}) AND coalesce(in_scope, true) AND coalesce(holds_content, true)),
lived AS (
  SELECT lower(trim(system_id)) AS system, {sql.identity("record_id")} AS record, min(captured_at) AS captured_at,
    max(CASE WHEN delete_kind IN {HARD} THEN deleted_at END) AS gone_at,
    max(CASE WHEN delete_kind IN {HARD} THEN NULL WHEN delete_kind = 'soft'
             THEN greatest(coalesce(snapshot_at, deleted_at), deleted_at)
             ELSE coalesce(deleted_at, snapshot_at) END) AS seen_at,
    max(CASE WHEN {sql.defective()} OR {blank("system_id")} OR {blank("record_id")} OR content_class IS NULL
                  OR captured_at IS NULL OR captured_at > {scope.as_of} OR deleted_at > {scope.as_of}
                  OR snapshot_at > {scope.as_of} OR (deleted_at IS NOT NULL AND delete_kind IS NULL)
             THEN 1 ELSE 0 END) AS broken, min(artefact) AS artefact
  FROM data_lifecycle
  WHERE lower(trim(system_id)) IS NULL OR lower(trim(system_id)) NOT IN (
    SELECT lower(trim(system_id)) FROM system_inventory
    WHERE system_id IS NOT NULL AND (in_scope = false OR holds_content = false) AND NOT ({sql.defective()})
      AND lower(trim(system_id)) NOT IN {named})
  GROUP BY 1, 2)"""


def totals(scope: Scope, claims: str = "certificate") -> str:
    """Return the CTE `metered`: what each independent meter counted over exactly the days a certificate covers.

    `by_system` totals add up the systems that the certificate names, and only if each of them was counted. `claims`
    names the CTE of certificates, or of anything else with their record, systems, days and doubt.
    """
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
    AND t.period_end <= (c.data_to + 1) * {sql.DAY}
    AND (t.system IS NULL OR list_contains(c.systems, t.system))
  WHERE c.doubt IS NULL),
series AS (
  SELECT certificate, meter, system, max(systems) AS systems, sum(value) AS counted FROM within
  GROUP BY certificate, meter, system
  HAVING min(period_start) = min(low) AND max(period_end) = min(high)
     AND min(CASE WHEN coalesce(before = period_start, true) THEN 1 ELSE 0 END) = 1),
metered AS (
  SELECT certificate, meter, counted, false AS by_system FROM series WHERE system IS NULL
  UNION ALL SELECT certificate, meter, sum(counted), true FROM series WHERE system IS NOT NULL
  GROUP BY certificate, meter HAVING count(*) = max(systems))"""
