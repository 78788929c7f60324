"""`max-age`: no record is kept longer than a limit, in any system in scope."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Query, Reach
from checks.kernels.reconcile import Expectation, reconcile
from checks.terms import SECOND, Duration
from evidence.model import Assurance, Reason


@dataclass(frozen=True, slots=True)
class MaxAge:
    """Age is deletion (or last sighting) minus first capture, in exact microseconds; the limit itself is allowed.

    A soft deletion and a snapshot are sightings: they can prove that a record was kept too long, never that it is gone.
    The first capture of the same content in any system starts its age, so copying a record does not renew it.
    """

    scope: Scope
    limit: Duration
    content: tuple[str, ...]
    systems: tuple[str, ...]
    unless: str | None

    name = "max-age"
    noun = "records"

    @property
    def measure(self) -> MeasureSpec:
        """Return the age in microseconds, shown in seconds."""
        return MeasureSpec("age", "s", self.limit.microseconds, SECOND)

    def classify(self) -> str:
        """Return one row per system and record: captured in the period, or captured before and still there in it.

        What was captured before this version of the clause came into force belongs to the version before it.
        """
        return f"""
WITH {self._stated()},
item AS (
  SELECT subject, record, content_class, min(captured_at) AS captured_at,
         max(CASE WHEN delete_kind IN ('hard', 'crypto') THEN deleted_at END) AS gone_at,
         max(CASE WHEN delete_kind IN ('hard', 'crypto') THEN NULL
                  WHEN delete_kind = 'soft' THEN greatest(coalesce(snapshot_at, deleted_at), deleted_at)
                  ELSE coalesce(deleted_at, snapshot_at) END) AS seen_at,
         max(consent_id) AS consent_id, max_by(artefact, coalesce(deleted_at, snapshot_at, 0)) AS artefact,
         max(CASE WHEN broken THEN 1 ELSE 0 END) AS broken
  FROM stated GROUP BY subject, record, content_class),
aged AS (
  SELECT *, min(captured_at) OVER (PARTITION BY record, content_class) AS origin,
         greatest(coalesce(gone_at, seen_at), coalesce(seen_at, gone_at)) AS last_known FROM item),
{self._consents()},
judged AS (
  SELECT subject, record, origin AS moment, artefact, last_known - origin AS measure,
  CASE
    WHEN content_class IS NOT NULL AND subject <> '' AND last_known <= {self.scope.as_of}
         AND last_known - origin > {self.limit.microseconds}
      THEN CASE WHEN EXISTS (SELECT 1 FROM consent AS c WHERE c.consent_id = aged.consent_id
                             AND c.granted_at <= origin
                             AND (c.expires_at IS NULL OR c.expires_at >= last_known)
                             AND c.scope IN (subject, record, subject || '/' || record))
                THEN 'excused' ELSE 'violation' END
    WHEN broken = 1 OR content_class IS NULL OR subject = '' OR origin IS NULL
         OR origin > {self.scope.as_of} OR last_known > {self.scope.as_of} OR last_known < captured_at THEN 'unknown'
    WHEN gone_at IS NOT NULL AND seen_at > gone_at THEN 'contradicted'
    WHEN gone_at IS NOT NULL THEN 'ok'
    WHEN {self.scope.as_of} - origin <= {self.limit.microseconds} THEN 'open'
    ELSE 'undeleted' END AS verdict
  FROM aged
  WHERE origin IS NULL OR (origin < {self.scope.end} AND origin >= {self.scope.since}
        AND (origin >= {self.scope.start} OR last_known IS NULL OR last_known >= {self.scope.start}))),
coded AS (
  SELECT subject, record, moment, measure, artefact,
         CASE WHEN verdict IN ('contradicted', 'undeleted') THEN 'unknown' ELSE verdict END AS outcome,
         CASE verdict WHEN 'unknown' THEN '{Reason.UNREADABLE_ROWS}' WHEN 'contradicted' THEN '{Reason.CONTRADICTED}'
              WHEN 'undeleted' THEN '{Reason.INCOMPLETE_COVERAGE}' WHEN 'violation' THEN 'kept too long'
              WHEN 'excused' THEN 'consent' ELSE '' END AS why
  FROM judged)
{sql.worst_per_record("coded")}
"""

    def _stated(self) -> str:
        named = texts if (texts := sql.texts(self.systems)) != "(NULL)" else "('')"
        return f"""
stated AS (
  SELECT coalesce(system_id, '') AS subject, {sql.identity("record_id")} AS record, content_class, captured_at,
         deleted_at, delete_kind, snapshot_at, consent_id, artefact,
         ({sql.defective()} OR record_id IS NULL OR captured_at IS NULL
          OR (deleted_at IS NOT NULL AND delete_kind IS NULL)) AS broken
  FROM data_lifecycle
  WHERE (content_class IS NULL OR content_class IN {sql.texts(self.content)})
    AND (system_id IS NULL OR system_id IN {named} OR system_id NOT IN (
      SELECT system_id FROM system_inventory
      WHERE system_id IS NOT NULL AND (in_scope = false OR holds_content = false)
        AND NOT ({sql.defective()}))))"""

    def _consents(self) -> str:
        offices = self.scope.consent_offices
        if self.unless is None:
            return "consent AS (SELECT consent_id, scope, granted_at, expires_at FROM consents WHERE 1 = 0)"
        return f"consent AS ({sql.valid_consents(self.unless, self.scope.vendor, offices)})"

    def reach(self, query: Query) -> Reach:
        """Return per system whether every record that an independent meter counted is in the evidence."""
        inventory = query(
            "SELECT DISTINCT system_id FROM system_inventory WHERE system_id IS NOT NULL "
            "AND coalesce(in_scope, true) AND coalesce(holds_content, true) "
            f"AND coalesce(valid_from, {self.scope.start}) < {self.scope.end} "
            f"AND coalesce(valid_to, {self.scope.end}) > {self.scope.start}"
        )
        broken = query(
            "SELECT count(*) FROM system_inventory WHERE system_id IS NULL OR kind IS NULL OR holds_content IS NULL "
            f"OR in_scope IS NULL OR {sql.defective()}"
        )[0][0]
        held = query("SELECT DISTINCT subject FROM classified WHERE subject <> ''")
        systems = sorted({*self.systems, *(r[0] for r in inventory), *(r[0] for r in held)})
        found = reconcile(query, self.scope, Expectation(tuple(systems), whole="records", each="requests"))
        visible = {r[0] for r in query("SELECT DISTINCT subject FROM classified WHERE outcome IN ('ok', 'violation')")}
        gaps = set(found.gaps)
        if broken:
            gaps.add(Reason.UNREADABLE_ROWS)
        if not inventory:
            gaps.add(Reason.INCOMPLETE_COVERAGE)
        still_open = query("SELECT count(*) FROM classified WHERE outcome = 'open'")[0][0]
        if any(c.observed and c.subject not in visible for c in found.coverage):
            gaps.add(Reason.NOT_YET_DUE if still_open else Reason.INCOMPLETE_COVERAGE)
        return Reach(
            coverage=found.coverage,
            gaps=frozenset(gaps),
            expected=found.expected,
            observed=found.observed,
            provisional=still_open > 0,
            assurance=Assurance.CORROBORATED if not found.gaps else None,
        )
