"""`interval-gap` over independent reports: each follows the one before within so many months and where it left off."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels.calendar_months import days_of, months_later
from checks.kernels.document_texts import GOOD_STATUS, TRUSTED, contains_all, empty, offers, speaks_of
from checks.kernels.interval_gap import stretches
from evidence.model import Assurance, Coverage, Reason

KIND = "audit-report"
BAD_OPINIONS = ("adverse", "disclaimer", "qualified")
#: Statements about the report itself. A report without one that the contract asks for does not deny it.
ABOUT_ITSELF = ("independence", "method")


@dataclass(frozen=True, slots=True)
class ReportInterval:
    """The standing report: issued at most `months` after the one before or the clause's start, and not yet overdue.

    The anniversary itself is in time. Only a trusted report by somebody independent, with an unqualified opinion, on
    the contracted services, that makes every assertion without exceptions moves the anniversary. Where a doubtful
    report could have kept it, or could have begun it before the clause, nothing is proven; nor where it had passed when
    this edition of the clause began, until so many months after that: nobody knows whether an earlier edition asked for
    reports. When no report of the kind was ever supplied, nothing is proven either: then nobody has shown that reports
    are kept here at all. What a report from before says does not break this edition.
    """

    scope: Scope
    months: int
    assertions: tuple[str, ...]
    affiliates: tuple[str, ...]

    name = "interval-gap"
    noun = "reports"
    measure = None
    silences = (Silence(("documents",)),)

    def classify(self) -> str:
        """Return one row per report of the vendor and one for the time before the first."""
        return f"""
WITH {self._reports()},
{months_later("weighed", "issued_on", self.months, "next_due")},
{months_later("next_due", "period_end", self.months, "end_due")},
{self._points()},
{stretches(0, self.scope.end, days_of(self.months, max) * sql.DAY)},
{self._standing()},
{self._judged()}
{sql.worst_per_record("every")}
"""

    def _reports(self) -> str:
        vendor, as_of = f"lower({sql.text(self.scope.vendor.strip())})", self.scope.as_of
        blank = " OR ".join(
            f"coalesce(trim({c}), '') = ''" for c in ("document_id", "kind", "issuer", "holder_entity", "file")
        )
        holder = f"coalesce(nullif(lower(trim(holder_entity)), ''), {vendor}) = {vendor}"
        asked = f"""coalesce(nullif(lower(trim(kind)), ''), '{KIND}') = '{KIND}'
    AND ({holder} OR {sql.spelt_like("holder_entity", self.scope.vendor)})"""
        known = f"(received_at IS NULL OR received_at <= {as_of})"
        said = (
            "record, issuer, services, opinion, period_start, period_end, issued_on, assertions, exceptions, "
            "carve_outs, final, trusted, broken"
        )
        return f"""
elsewhere AS (
  SELECT trim(document_id) AS other FROM documents
  WHERE trim(document_id) <> '' AND {known} AND NOT ({asked}) GROUP BY 1),
account AS (
  SELECT {sql.identity("nullif(trim(document_id), '')")} AS record, issuer, services, lower(trim(opinion)) AS opinion,
         period_start, period_end, issued_on, assertions, exceptions, carve_outs, artefact,
         lower(file_sha256) AS digest,
         coalesce(lower(trim(status)) IN {sql.texts(GOOD_STATUS)}, true) AS final,
         coalesce({TRUSTED} AND {holder}, false) AS trusted,
         ({sql.defective()} OR {blank} OR services IS NULL OR received_at IS NULL OR issued_on IS NULL
          OR coalesce(issued_on * {sql.DAY} > least(received_at + {sql.DAY}, {as_of}), false)) AS broken
  FROM documents WHERE {asked} AND {known}),
compared AS (
  SELECT *, CASE WHEN digest IS NOT NULL AND (min(issued_on) OVER same_file < max(issued_on) OVER same_file
      OR min(period_start) OVER same_file < max(period_start) OVER same_file
      OR min(period_end) OVER same_file < max(period_end) OVER same_file) THEN 1 ELSE 0 END AS redated
  FROM account WINDOW same_file AS (PARTITION BY digest)),
listed AS (
  SELECT {said}, min(artefact) AS artefact, max(redated) AS redated FROM compared GROUP BY {said}),
told AS (
  SELECT *, count(*) OVER (PARTITION BY record) + CASE WHEN other IS NULL THEN 0 ELSE 1 END + redated AS versions
  FROM listed LEFT JOIN elsewhere ON other = record),
weighed AS (
  SELECT *, CASE WHEN NOT trusted THEN '{Reason.UNTRUSTED_EVIDENCE}' WHEN versions > 1 THEN '{Reason.CONTRADICTED}'
                 WHEN broken THEN '{Reason.UNREADABLE_ROWS}' WHEN NOT final THEN '{Reason.CONTRADICTED}'
                 WHEN {self._dependent()} THEN '{Reason.UNTRUSTED_EVIDENCE}'
                 WHEN {empty("services")} OR NOT coalesce({offers(self.scope.services)}, false)
                   THEN '{Reason.INCOMPLETE_COVERAGE}' END AS useless
  FROM told)"""

    def _dependent(self) -> str:
        """The vendor, a named affiliate, or somebody who bears the name of one is not shown to be independent."""
        own = (self.scope.vendor, *self.affiliates)
        return f"({sql.one_of('issuer', own)} OR {' OR '.join(sql.bears_name_of('issuer', n) for n in own)})"

    def _points(self) -> str:
        s = self.scope
        stated = [a for a in self.assertions if a.casefold() not in ABOUT_ITSELF]
        about = [a for a in self.assertions if a.casefold() in ABOUT_ITSELF]
        return f"""
report AS (
  SELECT *, issued_on * {sql.DAY} AS met_at, next_due * {sql.DAY} + {sql.DAY - 1} AS due,
    CASE WHEN useless IS NULL AND opinion IN {sql.texts(BAD_OPINIONS)} THEN 'the opinion is ' || opinion
         WHEN useless IS NULL AND NOT {empty("assertions")}
              AND NOT coalesce({contains_all("assertions", stated)}, false) THEN 'an assertion is missing' END AS flaw,
    CASE WHEN useless IS NOT NULL THEN useless
         WHEN opinion IS NULL OR opinion <> 'unqualified' OR period_start IS NULL OR period_end IS NULL
              OR period_end < period_start OR issued_on < period_end THEN '{Reason.UNREADABLE_ROWS}'
         WHEN issued_on > end_due THEN '{Reason.STALE}'
         WHEN NOT {empty("exceptions")} OR NOT {empty("carve_outs")} OR {empty("assertions")}
              OR NOT coalesce({contains_all("assertions", about)}, false)
           THEN '{Reason.INCOMPLETE_COVERAGE}' END AS open
  FROM end_due),
point AS (
  SELECT '{KIND}' AS subject, record, met_at, due, artefact FROM report WHERE flaw IS NULL AND open IS NULL),
doubt AS (
  SELECT '{KIND}' AS subject, open AS why, coalesce(met_at, 0) AS low, coalesce(met_at, {sql.NEVER}) AS high
  FROM report WHERE flaw IS NULL AND open IS NOT NULL),
clause AS (SELECT {s.since // sql.DAY} AS began),
{months_later("clause", "began", self.months, "first_due")},
edge AS (
  SELECT '{KIND}' AS subject, {s.since} AS opening, first_due * {sql.DAY} + {sql.DAY - 1} AS opening_due,
         least({s.end} - 1, {s.as_of}) AS closing, coalesce(r.artefact, '') AS artefact, r.reports
  FROM first_due CROSS JOIN (SELECT min(artefact) AS artefact, count(*) AS reports FROM report) AS r)"""

    def _standing(self) -> str:
        """Reports that stand in the period and their predecessors, with the last day any earlier one examined.

        One that is late `broke` the clause only if its anniversary was under it, or a first report is overdue as well.
        A doubtful report from before the clause may have `begun` a time that ended earlier than the clause's own.
        """
        since = self.scope.since
        return f"""
examined AS (
  SELECT record, met_at, period_start, period_end,
         max(period_end) OVER (ORDER BY met_at, record ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM report WHERE flaw IS NULL AND open IS NULL),
row_of AS (
  SELECT s.*, e.reports, coalesce(x.before, {since // sql.DAY} - 1) AS before, x.period_start, x.period_end,
         (s.proven AND (s.due >= {since} OR (s.doubts = 0 AND s.ends > e.opening_due))) AS broke,
         (s.opens = 1 AND EXISTS (SELECT 1 FROM report AS r WHERE r.flaw IS NULL AND r.open IS NOT NULL
           AND r.met_at < s.met_at AND r.due >= {since} AND r.due < s.ends)) AS begun,
         s.ends > {self.scope.start} AS stands,
         coalesce(lead(s.ends) OVER (ORDER BY s.met_at, s.opens DESC, s.record), 0) > {self.scope.start} AS precedes
  FROM stretch AS s CROSS JOIN edge AS e
  LEFT JOIN examined AS x ON s.opens = 0 AND x.record = s.record)"""

    def _judged(self) -> str:
        start, end = self.scope.start, self.scope.end
        return f"""
good AS (
  SELECT subject, record, met_at AS moment, artefact, outcome,
    CASE WHEN outcome = 'violation' AND followed THEN 'the next report came too late'
         WHEN outcome = 'violation' THEN 'no report by the anniversary' WHEN outcome <> 'unknown' THEN ''
         WHEN NOT late THEN '{Reason.INCOMPLETE_COVERAGE}' WHEN reports = 0 THEN '{Reason.NO_EVIDENCE}'
         ELSE doubt END AS why
  FROM (SELECT *,
    CASE WHEN late AND broke AND reports > 0 AND (opens = 0 OR NOT followed) THEN 'violation'
         WHEN late OR begun THEN 'unknown' WHEN opens = 1 AND NOT followed THEN 'open'
         WHEN opens = 0 AND stands AND (period_start > before + 1 OR period_end <= before) THEN 'unknown'
         ELSE 'ok' END AS outcome
    FROM row_of WHERE stands OR precedes) AS ruled),
outdone AS (
  SELECT *,
    CASE WHEN (flaw IS NULL AND NOT ({self._ominous()})) OR met_at >= {end} OR due < {start} THEN 'excused'
         WHEN flaw = 'an assertion is missing' AND EXISTS (
              SELECT 1 FROM point AS p WHERE p.met_at < {end} AND p.due >= report.met_at) THEN 'excused'
         WHEN EXISTS (SELECT 1 FROM point AS p WHERE p.met_at > report.met_at AND p.met_at <= {start}) THEN 'excused'
         WHEN flaw IS NULL OR met_at < {self.scope.since}
              OR EXISTS (SELECT 1 FROM point AS p WHERE p.met_at = report.met_at AND p.met_at <= {start})
           THEN 'unknown'
         ELSE 'violation' END AS outcome
  FROM report WHERE flaw IS NOT NULL OR open IS NOT NULL),
lesser AS (
  SELECT '{KIND}' AS subject, record, met_at AS moment, artefact, outcome,
    CASE WHEN outcome <> 'unknown' THEN coalesce(flaw, open) WHEN flaw IS NULL THEN open
         ELSE '{Reason.CONTRADICTED}' END AS why
  FROM outdone),
every AS (
  SELECT *, CAST(NULL AS BIGINT) AS measure FROM good UNION ALL SELECT *, CAST(NULL AS BIGINT) FROM lesser)"""

    def _ominous(self) -> str:
        """A report that does not count, and says of our services what no clean one says, is not outweighed by one."""
        said = f"coalesce(opinion <> 'unqualified', false) OR NOT {empty('exceptions')}"
        return f"({said}) AND coalesce({speaks_of(self.scope.services)}, true)"

    def reach(self, query: Query) -> Reach:
        """Return whether a report stands on every day of the period; a report is the auditor's word."""
        doubtful = query("SELECT count(*) FROM classified WHERE outcome = 'unknown'")[0][0]
        good = query("SELECT count(*) FROM classified WHERE outcome = 'ok'")[0][0]
        note = "" if good and not doubtful else "no proven chain of reports"
        return Reach(
            coverage=(Coverage(subject=KIND, covered=not note, observed=good, note=note),),
            assurance=Assurance.AUDITED,
        )
