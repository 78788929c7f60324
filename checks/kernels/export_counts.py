"""`reconcile-counts` for exports: all that was counted is delivered, intact, in time and before it is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels import deletion_claims
from checks.kernels.document_valid import DocumentValid
from checks.kernels.silence import denials, nothing_happened
from checks.terms import Duration
from evidence.model import Assurance, Coverage, Reason

EXPORT = "export"
_DIGEST = "'^[0-9a-f]{64}$'"


@dataclass(frozen=True, slots=True)
class ExportCounts:
    """Judge every request by its best delivery; one exactly at the due instant is in time.

    A delivery is good if it holds as many records as every independent meter counted for its systems and days, less
    those deleted before the request, in an agreed format and with the digest that the vendor stated. The deletion at
    exit, certified by the vendor, must not come before a good delivery.
    """

    scope: Scope
    due: Duration
    systems: tuple[str, ...]
    formats: tuple[str, ...]
    denial: DocumentValid

    name = "reconcile-counts"
    noun = "exports"
    measure = None
    silences = (Silence(("export_jobs", "data_lifecycle")),)

    def classify(self) -> str:
        """Return one row per request for an export."""
        return f"""
WITH {self._stated()},
{deletion_claims.systems(self.scope, self._named())},
{deletion_claims.totals(self.scope, "delivery")},
{self._reckoned()},
{self._gone()},
{self._weighed()},
judged AS ({self._requests()})
{sql.worst_per_record("judged")}
"""

    def _stated(self) -> str:
        """Return the requests that concern the period, and every delivery for one of them."""
        scope, due = self.scope, self.due.microseconds
        columns = "data_from, data_to, delivered_at, format, records, stated_sha256, received_sha256"
        unread = ", ".join(f"'{c.strip()}'" for c in columns.split(","))
        unclear = (
            f"export_id IS NULL OR requested_at IS NULL OR systems IS NULL OR requested_at > {scope.as_of} OR "
            f"{sql.defect_in('export_id', 'requested_at', 'systems')} OR list_contains(systems, '')"
        )
        return f"""
stated AS (
  SELECT record, requested_at, systems, {columns}, unclear, defective, min(artefact) AS artefact FROM (
    SELECT {sql.identity("export_id")} AS record, requested_at, {deletion_claims.lower_list("systems")} AS systems,
      {columns}, artefact, ({unclear}) AS unclear,
      len(list_filter(coalesce(defects, []), lambda x: x IN ({unread}))) > 0 AS defective FROM export_jobs) AS read
  GROUP BY record, requested_at, systems, {columns}, unclear, defective),
request AS (
  SELECT record, min(requested_at) AS requested_at, min(requested_at) + {due} AS due_at, min(artefact) AS artefact,
    bool_or(unclear) AS unclear, min(requested_at) <> max(requested_at) AS disputed
  FROM stated GROUP BY record
  HAVING coalesce(min(requested_at) < {scope.end} AND max(requested_at) + {due} >= {scope.start}, true)),
delivery AS (
  SELECT s.record || '/' || CAST(row_number() OVER (PARTITION BY s.record ORDER BY s.delivered_at, s.records, s.format,
      s.stated_sha256, s.received_sha256, s.data_from, s.data_to, s.artefact) AS VARCHAR) AS record,
    s.record AS request, r.requested_at, r.due_at, s.systems, {columns}, s.defective, s.artefact,
    CAST(NULL AS VARCHAR) AS doubt
  FROM stated AS s JOIN request AS r ON r.record = s.record
  WHERE s.delivered_at IS NOT NULL OR s.defective OR s.records IS NOT NULL)"""

    def _reckoned(self) -> str:
        """Return per delivery what the meters expect of it: the least and the most of them.

        What a meter counted on some of the days (`glimpsed`) is no less than that. A record that cannot be read may be
        older than what was exported, or gone before it was asked for.
        """
        return f"""
glimpsed AS (
  SELECT certificate, max(counted) AS counted FROM (
    SELECT certificate, meter, sum(most) AS counted FROM (
      SELECT certificate, meter, system, max(value) AS most FROM within WHERE system IS NOT NULL
      GROUP BY certificate, meter, system) AS longest
    GROUP BY certificate, meter) AS summed
  GROUP BY certificate),
reckoned AS (
  SELECT d.record, min(m.counted) AS least_counted, greatest(max(m.counted), max(g.counted)) AS most_counted,
    (SELECT count(*) FROM lived AS l WHERE l.broken = 0 AND l.gone_at < d.requested_at
       AND list_contains(d.systems, l.system) AND l.captured_at >= d.data_from * {sql.DAY}
       AND l.captured_at < (d.data_to + 1) * {sql.DAY}) AS gone_before,
    (SELECT count(*) FROM lived AS l WHERE l.broken = 1
       AND coalesce(list_contains(d.systems, l.system), true)) AS unread
  FROM delivery AS d JOIN metered AS m ON m.certificate = d.record AND m.by_system
    JOIN glimpsed AS g ON g.certificate = d.record
  GROUP BY d.record, d.requested_at, d.systems, d.data_from, d.data_to),
earliest AS (
  SELECT min(first_at) AS first_at FROM (
    SELECT min(period_start) AS first_at FROM usage_totals
    WHERE value > 0 AND metric = 'records' AND (system_id IS NULL OR lower(trim(system_id)) IN {self._named()})
    UNION ALL SELECT min(captured_at) FROM lived WHERE broken = 0 AND system IN {self._named()}) AS known)"""

    def _named(self) -> str:
        return sql.texts(sql.tidy(s).lower() for s in self.systems)

    def _gone(self) -> str:
        """Return when the vendor certified that one of these systems was deleted at exit."""
        covers = " OR ".join(
            f"list_contains(systems, {sql.text(sql.tidy(s).lower())})" for s in sorted(set(self.systems))
        )
        return f"""
gone AS (
  SELECT min(issued_at) AS gone_at FROM (
    SELECT issued_at, {deletion_claims.lower_list("scope_systems")} AS systems FROM deletion_certificates
    WHERE trigger = 'exit' AND signature = 'valid' AND {sql.same("issuer", self.scope.vendor)}
      AND issued_at <= {self.scope.as_of} AND NOT ({sql.defective()})) AS certified
  WHERE {covers})"""

    def _weighed(self) -> str:
        """Weigh each delivery: `fault` is what certainly is wrong with it, `lack` why it cannot count as good."""
        lacking = sorted({sql.tidy(s).lower() for s in self.systems})
        omitted = " ".join(
            f"WHEN NOT list_contains(d.systems, {sql.text(s)}) THEN {sql.text(s + ' left out')}" for s in lacking
        )
        formats = sql.texts(sql.tidy(f).lower() for f in self.formats)
        digest = "lower(trim(d.{}))"
        stated, received = digest.format("stated_sha256"), digest.format("received_sha256")
        digests = f"regexp_matches({stated}, {_DIGEST}) AND regexp_matches({received}, {_DIGEST})"
        values = ("data_from", "data_to", "delivered_at", "format", "records", "stated_sha256", "received_sha256")
        missing = " OR ".join(f"d.{v} IS NULL" for v in values)
        return f"""
weighed AS (
  SELECT d.request, d.delivered_at, d.artefact, (d.delivered_at > d.due_at) AS late,
    CASE {omitted} WHEN lower(trim(d.format)) NOT IN {formats} THEN 'not in an agreed format'
         WHEN {digests} AND {stated} <> {received} THEN 'not the file that the vendor stated'
         WHEN d.records >= 0 AND d.records < n.least_counted - n.gone_before - n.unread
           THEN CAST(d.records AS VARCHAR) || ' of ' || CAST(n.least_counted - n.gone_before AS VARCHAR) || ' records'
         END AS fault,
    CASE WHEN d.defective OR d.delivered_at < d.requested_at OR d.delivered_at > {self.scope.as_of}
              OR d.data_to < d.data_from OR d.records < 0 OR n.unread > 0 OR NOT ({digests})
           THEN '{Reason.UNREADABLE_ROWS}'
         WHEN {missing} OR n.record IS NULL THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN d.data_from * {sql.DAY} > coalesce((SELECT first_at FROM earliest), d.requested_at)
              OR (d.data_to + 1) * {sql.DAY} <= d.requested_at THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN d.records < n.most_counted - n.gone_before OR d.records > n.least_counted - n.gone_before
           THEN '{Reason.CONTRADICTED}' END AS lack
  FROM delivery AS d LEFT JOIN reckoned AS n ON n.record = d.record)"""

    def _requests(self) -> str:
        as_of = self.scope.as_of
        timely = "w.request = r.record AND coalesce(NOT w.late, true)"
        good = "w.fault IS NULL AND w.lack IS NULL"
        unsure = "w.fault IS NULL AND w.lack IS NOT NULL"
        return f"""
  SELECT '{EXPORT}' AS subject, record, requested_at AS moment,
    CASE WHEN unclear OR disputed OR early THEN 'unknown' WHEN good_at IS NOT NULL AND NOT reversed THEN 'ok'
         WHEN lack IS NOT NULL OR good_at IS NOT NULL THEN 'unknown' WHEN deleted OR due_at < {as_of} THEN 'violation'
         ELSE 'open' END AS outcome,
    CASE WHEN unclear THEN '{Reason.UNREADABLE_ROWS}' WHEN disputed OR early THEN '{Reason.CONTRADICTED}'
         WHEN good_at IS NOT NULL THEN CASE WHEN reversed THEN '{Reason.CONTRADICTED}' ELSE '' END
         WHEN lack IS NOT NULL THEN lack WHEN deleted THEN coalesce(fault || ', then deleted', 'deleted unexported')
         WHEN due_at < {as_of} THEN coalesce(fault, CASE WHEN afterwards THEN 'delivered late' ELSE 'not delivered' END)
         ELSE '' END AS why,
    CAST(NULL AS BIGINT) AS measure, artefact
  FROM (
    SELECT r.*, g.good_at, g.fault, g.lack, coalesce(g.afterwards, false) AS afterwards,
      coalesce(x.gone_at < r.requested_at, false) AS early, coalesce(x.gone_at < g.good_at, false) AS reversed,
      x.gone_at IS NOT NULL AS deleted
    FROM request AS r LEFT JOIN (
      SELECT r.record, min(CASE WHEN {timely} AND {good} THEN w.delivered_at END) AS good_at,
        min(CASE WHEN {timely} THEN w.fault END) AS fault, min(CASE WHEN {timely} AND {unsure} THEN w.lack END) AS lack,
        bool_or(w.late) AS afterwards
      FROM request AS r JOIN weighed AS w ON w.request = r.record GROUP BY r.record) AS g ON g.record = r.record
    CROSS JOIN gone AS x) AS whole"""

    def reach(self, query: Query) -> Reach:
        """Return that exports were asked for, or that the vendor signed that none was."""
        rows, waiting = query("SELECT count(*), count(CASE WHEN outcome = 'open' THEN 1 END) FROM classified")[0]
        if not rows:
            return nothing_happened(query, self.denial, EXPORT)
        denied = denials(query, self.denial)
        return Reach(
            coverage=(Coverage(subject=EXPORT, covered=not waiting, observed=rows),),
            gaps=frozenset({Reason.CONTRADICTED} if denied else set()),
            provisional=waiting > 0,
            assurance=Assurance.CORROBORATED,
            contradicting=denied,
        )
