"""Sessions of the vendor's staff and roles, the approvals they need, and whether a second count knows them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.consent_precedes import one_version
from checks.kernels.present import incomplete
from checks.kernels.reconcile import Expectation, Reconciliation, reconcile
from evidence.model import Assurance, Reason

#: How a count of the log of accesses names it, in `log_totals.log`.
LOG = "access_events"


@dataclass(frozen=True, slots=True)
class Sessions:
    """Every row of the access log that overlaps the period; the customer's own sessions need no approval.

    Principals of the vendor and of `vendor_side` are judged, people and service roles alike. Another organisation
    without an approval is unknown, because the log does not say for whom it works. So is one from before the period
    whose end is not known, or cannot be: it may have been over when the period began.
    """

    scope: Scope
    approvers: tuple[str, ...]
    vendor_side: tuple[str, ...]

    noun = "sessions"
    silences = ()

    def events(self) -> str:
        """Return one row per session of the log."""
        vendor = sql.one_of("principal_org", (self.scope.vendor, *self.vendor_side))
        own = sql.one_of("principal_org", (*self.scope.customer, *self.approvers))
        whole = f"started_at <= {self.scope.as_of} AND NOT {incomplete('access_events')}"
        until = f"CASE WHEN ended_at >= started_at AND ended_at <= {self.scope.as_of} THEN ended_at END"
        reaches = f"(started_at >= {self.scope.start} OR ({until}) IS NOT NULL)"
        return f"""
SELECT *, CASE state WHEN 'excused' THEN 'own staff' ELSE '{Reason.UNREADABLE_ROWS}' END AS doubt FROM (
SELECT '{LOG}' AS subject, {sql.identity("event_id")} AS record, started_at AS moment,
  {until} AS until, approval_id AS link, object, artefact, {incomplete("access_events")} AS broken,
  ({vendor} AND {reaches}) AS provable,
  CASE WHEN {own} AND NOT {vendor} THEN CASE WHEN {whole} THEN 'excused' ELSE 'unknown' END ELSE 'judged' END AS state
FROM access_events
WHERE started_at IS NULL OR (started_at < {self.scope.end} AND started_at >= {self.scope.since}
  AND (started_at >= {self.scope.start} OR coalesce(({until}) > {self.scope.start}, true)))) AS session"""

    def permissions(self) -> str:
        """Return the approvals; only the contract's approvers are entitled, and the vendor never is."""
        vendor = sql.one_of("approver_org", (self.scope.vendor, *self.vendor_side))
        return one_version(f"""
SELECT DISTINCT approval_id AS permission_id, granted_at, valid_from, valid_to, scope,
  ({sql.one_of("approver_org", self.approvers)} AND NOT {vendor}) AS entitled,
  ({incomplete("approvals")} OR valid_to < valid_from) AS flawed FROM approvals""")

    def scope_fits(self) -> str:
        """Return the condition that the approval is for the object of the session."""
        return "(p.scope = e.object)"

    def needs_register(self) -> str:
        """Return that no session can be judged by one side alone."""
        return "1 = 1"

    def reach(self, query: Query) -> Reach:
        """Return whether an independent meter counted as many sessions as the log holds.

        A complete log without any session that needs approval shows that the promise was not exercised.
        """
        found = count_log(query, self.scope, not_by=self.vendor_side)
        judged, rows = query("SELECT count(CASE WHEN outcome <> 'excused' THEN 1 END), count(*) FROM classified")[0]
        gaps = set(found.gaps)
        if not rows and found.expected is None:
            gaps.add(Reason.NO_EVIDENCE)
        return Reach(
            coverage=found.coverage,
            gaps=frozenset(gaps),
            expected=found.expected,
            observed=found.observed,
            not_exercised=not gaps and not judged,
            assurance=None if gaps else Assurance.CORROBORATED,
        )


def count_log(query: Query, scope: Scope, log: str = LOG, not_by: Iterable[str] = ()) -> Reconciliation:
    """Compare a log, whose name is the subject of its rows, with every independent count of it.

    A count by the vendor, or by one of the companies in `not_by`, is not independent.
    """
    totals = f"""usage_totals AS (
  SELECT meter, CASE WHEN log IS NOT NULL THEN 'records' END AS metric, {sql.text(log)} AS system_id,
    period_start, period_end, value, defects FROM log_totals WHERE log IS NULL OR {sql.same("log", log)})"""

    def of_the_log(statement: str) -> Sequence[tuple[Any, ...]]:
        return query(sql.after(totals, statement))

    strict = replace(scope, excluded_meters=(*scope.excluded_meters, *not_by))
    return reconcile(of_the_log, strict, Expectation((log,), whole=None, each="records"))
