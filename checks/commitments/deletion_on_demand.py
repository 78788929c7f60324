"""`deletion-on-demand`: what the customer asks to have deleted is gone everywhere in time."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import MeasureSpec, Silence
from checks.kernels.deadline import Deadline, blank, denial, unread
from checks.terms import SECOND, Exact
from evidence.model import Reason


class DeletionOnDemand(Commitment):
    """Every request is completed within `complete_within`, and a later search of every system finds nothing."""

    kind: Literal["deletion-on-demand"]
    complete_within: Exact = Field(
        description="from the request to complete deletion: 30d; the limit itself is allowed"
    )

    title: ClassVar[str] = "Deletion on request is complete and in time"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("deletion_requests", required=False),
        Need("system_inventory", required=False),
        Need("documents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "escalation to both data protection officers; demand a certificate")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 17",
        "GDPR 28(3)(e),(g)",
        "DORA 30(2)(d)",
        "ISO/IEC 27001:2022 A.8.10",
        "SOC 2 C1.2, P4.3",
    )
    explanation: ClassVar[str] = (
        "The clock runs from the request to the completion the vendor states. A closed ticket is not a deletion: after "
        "completion every system of the request and of the inventory (caches, indexes, backups) must have been "
        "searched without a find. Content found after the limit breaks the promise, whatever the ticket says; without "
        "a full search it is unproven. No request is not exercised only if the vendor signed that it received none "
        "(a negative statement with `no_deletion_request`)."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"deletion on request within {self.complete_within.text}"

    def test(self) -> str:
        """Return what is recomputed."""
        return (
            "Recomputed the time from every request to its completion, and looked for a search afterwards in every "
            "system that holds content"
        )

    def kernel(self, scope: Scope) -> Deadline:
        """Return the deadline kernel over the requests."""
        limit = self.complete_within.microseconds
        return Deadline(
            scope,
            f"{_requests(scope, limit)},\n{_systems(scope)},\n{_obligations(limit)}",
            noun="requests",
            measure=MeasureSpec("time to deletion", "s", limit, SECOND),
            denial=denial(scope, "no_deletion_request"),
            denied="SELECT submitted_at AS moment FROM deletion_requests",
            silences=(Silence(("deletion_requests",), "why <> 'still found after the limit'"),),
            bounds=("first_at", "last_at"),
        )


def _requests(scope: Scope, limit: int) -> str:
    """Return one row a request from everything said of it; statements that differ contradict each other.

    Late is only what is late after every instant stated for the request, and a find without a time leaves it open.
    """
    return f"""
said AS (SELECT *, {sql.identity("request_id")} AS record FROM deletion_requests),
request AS (
  SELECT record, min(submitted_at) AS submitted, max(submitted_at) AS submitted_last,
    min(completed_at) AS completed, max(completed_at) AS completed_last,
    coalesce(min(submitted_at) < max(submitted_at) OR min(completed_at) < max(completed_at)
             OR min(subject_ref) < max(subject_ref), false) AS differing,
    count(submitted_at) < count(*) AS undated,
    max(CASE WHEN {sql.defective()} OR {blank("request_id")} OR submitted_at IS NULL OR systems IS NULL
             OR acknowledged_at < submitted_at OR searched_at > {scope.as_of}
             OR (searched_at IS NULL AND len(found_systems) > 0) THEN 1 ELSE 0 END) = 1 AS flawed,
    max(CASE WHEN {blank("request_id")} OR {unread("submitted_at", "completed_at")} THEN 1 ELSE 0 END) = 1 AS untimed,
    max(CASE WHEN searched_at IS NOT NULL AND found_systems IS NULL THEN 1 ELSE 0 END) = 1 AS untold,
    min(artefact) AS artefact
  FROM said GROUP BY record),
found AS (
  SELECT s.record, max(CASE WHEN s.searched_at > r.submitted_last + {limit} THEN 1 ELSE 0 END) = 1 AS too_late,
    max(CASE WHEN s.searched_at >= r.completed_last THEN 1 ELSE 0 END) = 1 AS not_gone, max(s.searched_at) AS last_at
  FROM said AS s JOIN request AS r ON r.record = s.record
  WHERE len(s.found_systems) > 0 AND s.searched_at <= {scope.as_of} GROUP BY s.record)"""


def _systems(scope: Scope) -> str:
    """Return which systems no search after completion has cleared, and whether the inventory can be relied on."""
    return f"""
inventory AS (
  SELECT DISTINCT system_id FROM system_inventory
  WHERE coalesce(in_scope, true) AND coalesce(holds_content, true) AND {sql.in_force(scope.start, scope.end)}),
later AS (
  SELECT system_id, valid_from FROM system_inventory
  WHERE coalesce(in_scope, true) AND coalesce(holds_content, true) AND valid_from >= {scope.end}),
listed AS (
  SELECT i.systems, l.flaws FROM (SELECT count(*) AS systems FROM inventory) AS i CROSS JOIN (
    SELECT coalesce(max(CASE WHEN {sql.defective()} OR {blank("system_id", "kind")}
      OR holds_content IS NULL OR in_scope IS NULL OR {sql.VOID} THEN 1 ELSE 0 END), 0) AS flaws
    FROM system_inventory) AS l),
wanted AS (
  SELECT r.record, i.system_id FROM request AS r CROSS JOIN inventory AS i
  UNION SELECT r.record, l.system_id FROM request AS r JOIN later AS l ON l.valid_from <= r.completed_last
  UNION SELECT record, system_id FROM (SELECT record, unnest(systems) AS system_id FROM said) AS named),
cleared AS (
  SELECT DISTINCT s.record, s.system_id FROM (
    SELECT record, searched_at, unnest(searched_systems) AS system_id FROM said
    WHERE len(found_systems) = 0 AND searched_at <= {scope.as_of}) AS s
  JOIN request AS r ON r.record = s.record AND s.searched_at >= r.completed_last),
unsearched AS (
  SELECT w.record, count(*) AS systems FROM wanted AS w
  LEFT JOIN cleared AS c ON c.record = w.record AND c.system_id = w.system_id
  WHERE c.system_id IS NULL GROUP BY w.record)"""


def _obligations(limit: int) -> str:
    return f"""
obligation AS (
  SELECT 'request' AS subject, r.record, r.submitted AS trigger_at, r.submitted_last + {limit} AS due_at,
    r.submitted + {limit} AS safe_until, r.completed AS done_at,
    (NOT r.untimed AND coalesce(r.completed >= r.submitted, true)) AS certain,
    CASE WHEN f.too_late AND NOT r.untimed THEN 'still found after the limit' END AS fault,
    CASE WHEN r.flawed OR r.completed < r.submitted OR l.flaws = 1 THEN '{Reason.UNREADABLE_ROWS}'
         WHEN r.differing OR f.not_gone THEN '{Reason.CONTRADICTED}'
         WHEN r.completed IS NOT NULL AND (u.systems > 0 OR l.systems = 0 OR r.untold)
           THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt,
    CASE WHEN r.completed IS NULL THEN 'not completed' ELSE 'completed late' END AS cause, '' AS note,
    r.submitted AS measure_from, r.artefact, CASE WHEN NOT r.undated THEN r.submitted END AS first_at,
    CASE WHEN NOT r.untimed AND r.completed >= r.submitted_last
      THEN greatest(r.completed_last, coalesce(f.last_at, r.completed_last)) END AS last_at
  FROM request AS r CROSS JOIN listed AS l LEFT JOIN found AS f ON f.record = r.record
  LEFT JOIN unsearched AS u ON u.record = r.record)"""


COMMITMENT = DeletionOnDemand
