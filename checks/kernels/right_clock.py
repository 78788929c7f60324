"""`right-clock`: a right to end the contract, its notice counted in days and its price added up from the invoices."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.amounts import Money, amount_text
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Query, Reach, Silence
from checks.kernels.access_sessions import count_log
from checks.kernels.document_valid import DocumentValid
from checks.kernels.present import incomplete
from checks.kernels.silence import denials, nothing_happened
from evidence.model import Assurance, Reason

#: How an independent count of the invoice lines names them, in `log_totals.log`.
LOG = "invoice_lines"
NOTICE, FEE = "notice", "fee"
#: Which terminations the promise is about, if only perhaps.
OURS = "coalesce(ground = 'convenience', true) AND coalesce(given_by = 'customer', true)"


@dataclass(frozen=True, slots=True)
class RightClock:
    """Judge every termination by the customer for convenience, in two legs: days of notice, and the fee.

    The fee is the sum of all lines charged or credited for the termination, so that two invoices are one fee; the limit
    itself is allowed. Days are counted between dates, the day of the notice not included.
    """

    scope: Scope
    days: int
    counted_from: str
    limit: Money
    denial: DocumentValid

    name = "right-clock"
    noun = "legs and invoice lines"
    silences = (Silence(("invoice_lines",), f"subject = '{FEE}'"),)

    @property
    def measure(self) -> MeasureSpec:
        """Return the fee in the smallest unit of its currency."""
        return MeasureSpec("termination fee", self.limit.currency, self.limit.minor, self.limit.scale)

    def classify(self) -> str:
        """Return one row per termination for its notice, one for its fee, and one per invoice line of the period."""
        return f"""
WITH {self._lines()},
{self._notices()},
{self._fees()},
judged AS (
  {self._notice_rows()}
  UNION ALL {self._fee_rows()}
  UNION ALL {self._line_rows()})
{sql.worst_per_record("judged")}
"""

    def _lines(self) -> str:
        """Return every line once a version."""
        columns = "kind, amount_minor, currency, issued_on, termination_id"
        keyed = "invoice_id IS NOT NULL AND line_id IS NOT NULL"
        return f"""
line AS (
  SELECT record, keyed, {columns}, broken, min(artefact) AS artefact FROM (
    SELECT CASE WHEN {keyed} THEN invoice_id || '/' || line_id ELSE {sql.identity("NULL")} END AS record,
      ({keyed}) AS keyed, {columns}, artefact,
      ({incomplete("invoice_lines")} OR issued_on * {sql.DAY} > {self.scope.as_of}) AS broken
    FROM invoice_lines) AS stated
  GROUP BY record, keyed, {columns}, broken),
versions AS (SELECT record, count(*) AS versions FROM line GROUP BY record)"""

    def _notices(self) -> str:
        """Return the notices that concern the period, each once a version; what one version denies is not `ours`.

        The days of a notice that arrived before it was sent, or took effect before that, are not those that passed.
        """
        scope = self.scope
        customer = "ground = 'convenience' AND given_by = 'customer'"
        columns = "given_by, ground, sent_on, received_on, effective_on"
        return f"""
notice AS (
  SELECT *, count(*) OVER (PARTITION BY record) AS versions,
    min(CASE WHEN {customer} THEN 1 ELSE 0 END) OVER (PARTITION BY record) = 1 AS ours FROM (
    SELECT record, {columns}, odd, broken OR odd AS broken, {self.counted_from}_on AS counted_on,
      min(artefact) AS artefact FROM (
      SELECT {sql.identity("termination_id")} AS record, {columns}, artefact,
        coalesce(least(received_on, effective_on) < sent_on, false) AS odd,
        ({incomplete("terminations")} OR received_on * {sql.DAY} > {scope.as_of}) AS broken
      FROM terminations) AS stated
    GROUP BY record, {columns}, odd, broken) AS once),
live AS (
  SELECT * FROM notice
  WHERE {OURS}
    AND coalesce(received_on * {sql.DAY} < {scope.end} AND received_on * {sql.DAY} >= {scope.since}, true)
    AND (coalesce(effective_on * {sql.DAY} >= {scope.start}, true) OR record IN (
      SELECT termination_id FROM line WHERE termination_id IS NOT NULL AND issued_on * {sql.DAY} >= {scope.start})))"""

    def _fees(self) -> str:
        """Add up what is charged for each termination; a line that is disputed or in other money cannot be added.

        Nor can one without a name: it may be another that was told twice.
        """
        money = f"lower(l.currency) = {sql.text(self.limit.currency.lower())}"
        counts = f"l.amount_minor IS NOT NULL AND {money} AND v.versions = 1 AND l.keyed"
        return f"""
fee AS (
  SELECT l.termination_id, CAST(sum(CASE WHEN {counts} THEN l.amount_minor ELSE 0 END) AS BIGINT) AS total,
    count(CASE WHEN {counts} THEN NULL ELSE 1 END) AS uncounted,
    count(CASE WHEN l.kind = 'termination-fee' THEN 1 END) AS fees, min(l.artefact) AS artefact
  FROM line AS l JOIN versions AS v ON v.record = l.record
  WHERE l.termination_id IS NOT NULL AND coalesce(l.issued_on * {sql.DAY} <= {self.scope.as_of}, true)
  GROUP BY l.termination_id)"""

    def _notice_rows(self) -> str:
        short = f"ours AND versions = 1 AND NOT odd AND received_on * {sql.DAY} <= {self.scope.as_of}"
        short += f" AND effective_on - counted_on < {self.days}"
        return f"""
  SELECT '{NOTICE}' AS subject, record, counted_on * {sql.DAY} AS moment,
    CASE WHEN {short} THEN 'violation' WHEN broken OR versions > 1 THEN 'unknown' ELSE 'ok' END AS outcome,
    CASE WHEN {short} THEN 'it ended ' || CAST(effective_on - counted_on AS VARCHAR) || ' days after the notice'
         WHEN versions > 1 THEN '{Reason.CONTRADICTED}' WHEN broken THEN '{Reason.UNREADABLE_ROWS}' ELSE '' END AS why,
    CAST(NULL AS BIGINT) AS measure, artefact FROM live"""

    def _fee_rows(self) -> str:
        limit = self.limit.minor
        excess = amount_text(f"f.total - {limit}", self.limit.scale)
        over = f"n.ours AND f.uncounted = 0 AND f.total > {limit}"
        cases = (
            ("n.broken", Reason.UNREADABLE_ROWS),
            ("n.versions > 1", Reason.CONTRADICTED),
            ("f.uncounted > 0", Reason.UNREADABLE_ROWS),
            (f"coalesce(f.fees, 0) = 0 AND n.effective_on * {sql.DAY} >= {self.scope.as_of}", Reason.NOT_YET_DUE),
            ("coalesce(f.fees, 0) = 0", Reason.INCOMPLETE_COVERAGE),
        )
        unknown = " OR ".join(condition for condition, _ in cases)
        why = " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in cases)
        return f"""
  SELECT '{FEE}', n.record, n.effective_on * {sql.DAY},
    CASE WHEN {over} THEN 'violation' WHEN {unknown} THEN 'unknown' ELSE 'ok' END,
    CASE WHEN {over} THEN {excess} || ' {self.limit.currency} too much' {why} ELSE '' END,
    greatest(f.total, 0), coalesce(f.artefact, n.artefact)
  FROM live AS n LEFT JOIN fee AS f ON f.termination_id = n.record"""

    def _line_rows(self) -> str:
        """Lines of the period; one for a termination that nobody recorded shows that the records are incomplete."""
        scope = self.scope
        unknown = "l.termination_id NOT IN (SELECT record FROM notice)"
        astray = f"(CASE WHEN l.termination_id IS NULL THEN l.kind = 'termination-fee' ELSE {unknown} END)"
        ours = "l.termination_id IN (SELECT record FROM live)"
        return f"""
  SELECT '{LOG}', l.record, l.issued_on * {sql.DAY},
    CASE WHEN l.broken OR v.versions > 1 OR {astray} THEN 'unknown' WHEN {ours} THEN 'ok' ELSE 'excused' END,
    CASE WHEN v.versions > 1 THEN '{Reason.CONTRADICTED}' WHEN l.broken THEN '{Reason.UNREADABLE_ROWS}'
         WHEN {astray} THEN '{Reason.INCOMPLETE_COVERAGE}' ELSE l.kind END,
    CAST(NULL AS BIGINT), l.artefact
  FROM line AS l JOIN versions AS v ON v.record = l.record
  WHERE l.issued_on IS NULL OR (l.issued_on * {sql.DAY} >= {scope.start} AND l.issued_on * {sql.DAY} < {scope.end})"""

    def reach(self, query: Query) -> Reach:
        """Return whether an independent count knows all invoice lines, or that nobody ended the contract."""
        given, rows = query(f"SELECT count(CASE WHEN subject = '{NOTICE}' THEN 1 END), count(*) FROM classified")[0]
        if not given:
            ended = f"SELECT coalesce(received_on, sent_on) * {sql.DAY} AS moment FROM terminations WHERE {OURS}"
            return nothing_happened(query, self.denial, NOTICE, ended)
        counted = count_log(query, self.scope, LOG)
        denied = denials(query, self.denial)
        return Reach(
            coverage=counted.coverage,
            gaps=counted.gaps | ({Reason.CONTRADICTED} if denied else set()),
            observed=rows,
            assurance=None if counted.gaps else Assurance.CORROBORATED,
            contradicting=denied,
        )
