"""`reconcile-counts` for exports: all that was counted is delivered, intact, in time and before it is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels import deletion_claims
from checks.kernels.document_texts import empty
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
{deletion_claims.known_systems()},
{deletion_claims.lived(self.scope, self._named())},
{deletion_claims.certificates(self.scope, "exit")},
{deletion_claims.totals(self.scope, "delivery", whole=False)},
{self._reckoned()},
{self._gone()},
{self._weighed()},
judged AS ({self._requests()})
{sql.worst_per_record("judged")}
"""

    def _stated(self) -> str:
        """Return the requests that concern the period, and every delivery for one of them.

        Two rows with one instant of delivery tell of one delivery in two ways.
        """
        scope, due = self.scope, self.due.microseconds
        columns = "data_from, data_to, delivered_at, format, records, stated_sha256, received_sha256"
        unread = ", ".join(f"'{c.strip()}'" for c in columns.split(","))
        unclear = (
            f"export_id IS NULL OR requested_at IS NULL OR systems IS NULL OR requested_at > {scope.as_of} "
            "OR list_contains(systems, '')"
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
  HAVING coalesce(min(requested_at) < {scope.end} AND max(requested_at) + {due} >= {scope.start}
    AND max(requested_at) >= {scope.since}, true)),
delivery AS (
  SELECT s.record || '/' || CAST(row_number() OVER (PARTITION BY s.record ORDER BY s.delivered_at, s.records, s.format,
      s.stated_sha256, s.received_sha256, s.data_from, s.data_to, s.artefact, s.systems, s.defective) AS VARCHAR)
      AS record,
    s.record AS request, r.requested_at, r.due_at, s.systems, {columns}, s.defective, s.artefact,
    count(*) OVER (PARTITION BY s.record, s.delivered_at) AS tellings
  FROM stated AS s JOIN request AS r ON r.record = s.record
  WHERE s.delivered_at IS NOT NULL OR s.defective OR s.records IS NOT NULL)"""

    def _reckoned(self) -> str:
        """Return per delivery what the meters expect of it: the least and the most of them.

        A record that cannot be read may be older than what was exported, or gone before it was asked for. One that was
        seen or captured after it was gone may be there or not.
        """
        return f"""
reckoned AS (
  SELECT d.record, min(CASE WHEN m.complete THEN m.counted END) AS least_counted, max(m.counted) AS most_counted,
    {deletion_claims.gone_before("d.requested_at", "d")} AS gone_before,
    (SELECT count(*) FROM lived AS l WHERE (l.broken = 1 OR greatest(l.seen_at, l.recaptured_at) > l.struck_at)
       AND coalesce(list_contains(d.systems, l.system), true)) AS unread
  FROM delivery AS d JOIN metered AS m ON m.certificate = d.record
  GROUP BY d.record, d.requested_at, d.systems, d.data_from, d.data_to HAVING bool_or(m.complete)),
earliest AS (
  SELECT min(first_at) AS first_at FROM (
    SELECT min(period_start) AS first_at FROM usage_totals
    WHERE value > 0 AND metric = 'records' AND coalesce(lower(trim(system_id)) IN {self._named()}, true)
    UNION ALL SELECT min(captured_at) FROM lived WHERE broken = 0 AND system IN {self._named()}) AS known)"""

    def _named(self) -> str:
        return sql.texts(sql.tidy(s).lower() for s in self.systems)

    def _gone(self) -> str:
        """Return when the vendor certified that one of these systems was deleted at exit, and when beyond doubt.

        What a certificate leaves in backups, excepts, or says of older data only may still be delivered.
        """
        covers = " OR ".join(
            f"list_contains(systems, {sql.text(sql.tidy(s).lower())})" for s in sorted(set(self.systems))
        )
        return f"""
gone AS (
  SELECT min(issued_at) AS gone_at, min(CASE WHEN doubt IS NULL AND backups_included AND {empty("exceptions")}
    AND (data_to + 1) * {sql.DAY} > (SELECT first_at FROM earliest) THEN issued_at END) AS surely_at
  FROM certificate WHERE trusted AND ({covers}))"""

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
        # Without the days it is for, nothing was counted.
        values = ("d.delivered_at", "d.format", "d.records", "d.stated_sha256", "d.received_sha256", "n.record")
        missing = " ".join(f"WHEN {value} IS NULL THEN '{Reason.INCOMPLETE_COVERAGE}'" for value in values)
        return f"""
weighed AS (
  SELECT d.request, d.delivered_at,
    CASE {omitted} WHEN lower(trim(d.format)) NOT IN {formats} THEN 'not in an agreed format'
         WHEN {digests} AND {stated} <> {received} THEN 'not the file that the vendor stated'
         WHEN d.records >= 0 AND d.records < n.least_counted - n.gone_before - n.unread
           THEN CAST(d.records AS VARCHAR) || ' of ' || CAST(n.least_counted - n.gone_before AS VARCHAR) || ' records'
         WHEN d.delivered_at > d.due_at THEN 'delivered late' END AS fault,
    CASE WHEN d.defective OR d.delivered_at < d.requested_at OR d.delivered_at > {self.scope.as_of}
              OR d.data_to < d.data_from OR d.records < 0 OR n.unread > 0 OR NOT ({digests})
           THEN '{Reason.UNREADABLE_ROWS}'
         {missing}
         WHEN d.tellings > 1 THEN '{Reason.CONTRADICTED}'
         WHEN d.data_from * {sql.DAY} > coalesce((SELECT first_at FROM earliest), d.requested_at)
           THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN (d.data_to + 1) * {sql.DAY} <= d.requested_at THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN d.records < n.most_counted - n.gone_before THEN '{Reason.CONTRADICTED}'
         WHEN d.records > n.least_counted - n.gone_before THEN '{Reason.CONTRADICTED}' END AS lack
  FROM delivery AS d LEFT JOIN reckoned AS n ON n.record = d.record)"""

    def _requests(self) -> str:
        """Judge each request by its best delivery: a good one, else one that may be, else none."""
        return f"""
  SELECT '{EXPORT}' AS subject, record, requested_at AS moment,
    CASE WHEN doubt IS NOT NULL THEN 'unknown' WHEN good_at IS NOT NULL THEN 'ok'
         WHEN surely_at IS NOT NULL THEN 'violation' WHEN due_at < {self.scope.as_of} THEN 'violation'
         ELSE 'open' END AS outcome,
    coalesce(doubt, CASE WHEN good_at IS NULL THEN coalesce(fault, 'not delivered') END
      || CASE WHEN surely_at IS NULL THEN '' ELSE ', then deleted' END, '') AS why,
    CAST(NULL AS BIGINT) AS measure, artefact
  FROM (
    SELECT r.*, g.good_at, g.fault, x.surely_at,
      CASE WHEN r.unclear THEN '{Reason.UNREADABLE_ROWS}' WHEN r.disputed THEN '{Reason.CONTRADICTED}'
           WHEN x.gone_at < r.requested_at THEN '{Reason.CONTRADICTED}'
           WHEN x.gone_at < g.good_at THEN '{Reason.CONTRADICTED}' WHEN g.good_at IS NULL THEN g.lack END AS doubt
    FROM request AS r LEFT JOIN (
      SELECT request, min(CASE WHEN coalesce(fault, lack) IS NULL THEN delivered_at END) AS good_at,
        min(fault) AS fault, min(CASE WHEN fault IS NULL THEN lack END) AS lack
      FROM weighed GROUP BY request) AS g ON g.request = r.record
    CROSS JOIN gone AS x) AS whole"""

    def reach(self, query: Query) -> Reach:
        """Return that exports were asked for, or that the vendor signed that none was."""
        rows, waiting = query("SELECT count(*), count(CASE WHEN outcome = 'open' THEN 1 END) FROM classified")[0]
        if not rows:
            return nothing_happened(query, self.denial, EXPORT, "SELECT requested_at AS moment FROM export_jobs")
        denied = denials(query, self.denial)
        return Reach(
            coverage=(Coverage(subject=EXPORT, covered=not waiting, observed=rows),),
            gaps=frozenset({Reason.CONTRADICTED} if denied else set()),
            provisional=waiting > 0,
            assurance=Assurance.CORROBORATED,
            contradicting=denied,
        )
