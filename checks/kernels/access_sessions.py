"""Sessions of the vendor's staff and roles, the approvals they need, and whether a second count knows them all."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.consent_precedes import one_version
from checks.kernels.present import folded, incomplete, meters_with_names, said
from checks.kernels.reconcile import Expectation, Reconciliation, reconcile
from evidence.model import Assurance, Reason

#: How a meter names the log of accesses when it counts it, in `usage_totals.system_id`.
LOG = "access_events"


@dataclass(frozen=True, slots=True)
class Sessions:
    """Every row of the access log that overlaps the period; the customer's own sessions need no approval.

    Principals of the vendor and of `vendor_side` are judged, people and service roles alike. Another organisation
    without an approval is unknown, because the log does not say for whom it works.
    """

    scope: Scope
    approvers: tuple[str, ...]
    vendor_side: tuple[str, ...]

    noun = "sessions"

    def events(self) -> str:
        """Return one row per session of the log."""
        vendor = sql.texts(v.strip().casefold() for v in (self.scope.vendor, *self.vendor_side))
        own = sql.texts(c.strip().casefold() for c in (*self.scope.customer, *self.approvers))
        started = f"started_at <= {self.scope.as_of}"
        return f"""
SELECT '{LOG}' AS subject, {sql.identity(said("event_id"))} AS record, started_at AS moment,
  CASE WHEN ended_at >= started_at AND ended_at <= {self.scope.as_of} THEN ended_at END AS until,
  {said("approval_id")} AS link, {said("object")} AS object, artefact, {incomplete("access_events")} AS broken,
  {folded("principal_org")} IN {vendor} AS provable,
  CASE WHEN {folded("principal_org")} IN {own} AND {folded("principal_org")} NOT IN {vendor}
       THEN CASE WHEN {started} AND NOT {incomplete("access_events")} THEN 'excused' ELSE 'unknown' END
       ELSE 'judged' END AS state,
  CASE WHEN {folded("principal_org")} IN {own} AND {started} AND NOT {incomplete("access_events")} THEN 'own staff'
       ELSE '{Reason.UNREADABLE_ROWS}' END AS doubt
FROM access_events
WHERE started_at IS NULL OR (started_at < {self.scope.end}
  AND (started_at >= {self.scope.start} OR ended_at IS NULL OR ended_at > {self.scope.start}))"""

    def permissions(self) -> str:
        """Return the approvals; only the contract's approvers are entitled, and the vendor never is."""
        by = folded("approver_org")
        vendor = sql.texts(v.strip().casefold() for v in (self.scope.vendor, *self.vendor_side))
        named = sql.texts(a.strip().casefold() for a in self.approvers)
        return one_version(f"""
SELECT DISTINCT {said("approval_id")} AS permission_id, granted_at, valid_from, valid_to, {said("scope")} AS scope,
  ({by} IN {named} AND {by} NOT IN {vendor}) AS entitled,
  ({incomplete("approvals")} OR valid_to < valid_from) AS broken FROM approvals""")

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
        found = count_log(query, self.scope)
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


def count_log(query: Query, scope: Scope) -> Reconciliation:
    """Compare the log of accesses with the meters that name it; totals of anything else are not about it."""
    own = f"coalesce(system_id, '') = '{LOG}' OR (system_id IS NULL AND {sql.defective()})"
    return reconcile(meters_with_names(query, own), scope, Expectation((LOG,), whole=None, each="records"))
