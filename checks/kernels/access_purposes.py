"""For what content was opened: the purpose of every access, against the contract's list and the ticket it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.access_sessions import LOG, count_log
from checks.kernels.allow_list import Demand
from checks.kernels.present import incomplete
from evidence.model import Reason

#: Words under which any work may hide; an access for one of these has no stated purpose, whatever a contract lists.
CATCH_ALL = (
    "any",
    "general",
    "internal",
    "misc",
    "miscellaneous",
    "n/a",
    "na",
    "none",
    "operational",
    "operations",
    "ops",
    "other",
    "others",
    "tbd",
    "unknown",
    "various",
)


def plain(column: str) -> str:
    """Return a purpose without case, hyphens, underscores and blanks, so that one code has one form."""
    return f"replace(replace(replace(lower({column}), '-', ''), '_', ''), ' ', '')"


def _listed(words: Iterable[str]) -> str:
    return f"({', '.join(plain(sql.text(sql.tidy(w))) for w in sorted(set(words)))})"


@dataclass(frozen=True, slots=True)
class AccessPurposes:
    """Every access of the log that began in the period; the customer's own are no concern of the promise.

    Another code than the contract's breaks it where the vendor or its side came in. Prose and catch-all words state no
    purpose. An access counts as kept only with a ticket that was open throughout and says the same purpose.
    """

    scope: Scope
    purposes: tuple[str, ...]
    vendor_side: tuple[str, ...]
    customer_side: tuple[str, ...]

    noun = "accesses"
    silences = ()

    def rows(self) -> str:
        """Return one row per access."""
        listed, vague = _listed(self.purposes), _listed(CATCH_ALL)
        vendor = sql.one_of("principal_org", (self.scope.vendor, *self.vendor_side))
        own = sql.one_of("principal_org", (*self.scope.customer, *self.customer_side))
        open_then = "t.opened_at <= a.started_at AND (t.closed_at IS NULL OR t.closed_at >= a.ended_at)"
        lasted = f"coalesce(a.ended_at >= a.started_at AND a.ended_at <= {self.scope.as_of}, true)"
        return f"""
WITH ticket AS (
  SELECT ticket_id, min(purpose) AS purpose, min(opened_at) AS opened_at, min(closed_at) AS closed_at,
    max(CASE WHEN broken THEN 1 ELSE 0 END) AS flaws, count(*) AS versions
  FROM (SELECT DISTINCT ticket_id, {plain("purpose")} AS purpose, opened_at, closed_at,
          ({incomplete("access_tickets")} OR closed_at < opened_at OR closed_at > {self.scope.as_of}) AS broken
        FROM access_tickets WHERE ticket_id IS NOT NULL) AS stated
  GROUP BY ticket_id)
SELECT '{LOG}' AS subject, a.record, a.started_at AS moment, a.artefact,
  (a.vendor AND a.code NOT IN {listed} AND a.code NOT IN {vague} AND a.purpose NOT LIKE '% %') AS outside,
  (a.code IN {listed} AND a.code NOT IN {vague} AND t.flaws = 0 AND t.versions = 1 AND t.purpose = a.code
   AND {open_then} AND {lasted}) AS inside,
  (a.own AND NOT a.vendor) AS excused, a.broken,
  CASE WHEN a.own AND NOT a.vendor THEN 'own staff' ELSE 'accessed for ' || a.purpose END AS why,
  CASE WHEN a.broken OR a.code NOT IN {listed} OR a.code IN {vague} THEN '{Reason.UNREADABLE_ROWS}'
       WHEN t.versions > 1 OR t.purpose <> a.code THEN '{Reason.CONTRADICTED}'
       WHEN t.flaws = 1 OR NOT {lasted} THEN '{Reason.UNREADABLE_ROWS}'
       ELSE '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM (SELECT *, {sql.identity("event_id")} AS record, {plain("purpose")} AS code, {vendor} AS vendor, {own} AS own,
        {incomplete("access_events")} AS broken FROM access_events) AS a
LEFT JOIN ticket AS t ON t.ticket_id = a.approval_id"""

    def members(self) -> str:
        """Return nothing: accesses are counted, not followed in time."""
        return "SELECT '' AS subject, 0 AS low, 0 AS high WHERE 1 = 0"

    def demands(self) -> tuple[Demand, ...]:
        """Return nothing: every access demands its own ticket."""
        return ()

    def reach(self, query: Query) -> Reach:
        """Return whether an independent meter counted as many accesses as the log holds.

        A complete log without any access but the customer's own shows that there was nothing to use content for.
        """
        found = count_log(query, self.scope, not_by=self.vendor_side)
        others = query("SELECT count(*) FROM classified WHERE outcome <> 'excused'")[0][0]
        return Reach(
            coverage=found.coverage,
            gaps=found.gaps,
            expected=found.expected,
            observed=found.observed,
            not_exercised=not found.gaps and not others,
        )
