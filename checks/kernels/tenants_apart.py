"""Whether tenants are kept apart in every system in scope, and whether attempts to cross over were refused."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.allow_list import Demand, nothing_further
from checks.kernels.present import incomplete
from checks.kernels.stored_systems import (
    excluded,
    readable_inventory,
    rulings,
    surely_in_scope,
    system_members,
    systems_in_scope,
)
from evidence.model import Reason


@dataclass(frozen=True, slots=True)
class TenantsApart:
    """Snapshots of who shares what, and tests of the separation.

    A resource shared without isolation breaks the promise, and so does an attempt that succeeded in production. What
    was tried elsewhere proves nothing about production. Two tenants at different times do not prove that they shared. A
    shared system needs a refused attempt of its own.
    """

    scope: Scope
    tenants: tuple[str, ...]
    systems: tuple[str, ...]

    noun = "observations"
    silences = ()

    def rows(self) -> str:
        """Return one row per resource, tenant and snapshot, and one per attempt."""
        known = f"{self._shared()},\nruling AS ({rulings(self.systems)})"
        return f"WITH {known}\n{self._snapshots()}\nUNION ALL\n{self._attempts()}"

    def _snapshots(self) -> str:
        """Others who share a resource break the promise only where it surely is in scope or the customer's too."""
        stamp = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        at_once = "OVER (PARTITION BY resource_id, observed_at)"
        told = "OVER (PARTITION BY resource_id, lower(tenant_id), observed_at)"
        mine = f"CASE WHEN {sql.one_of('tenant_id', self.tenants)} THEN 1 ELSE 0 END"
        return f"""
SELECT coalesce(t.resource_id, '') AS subject,
  coalesce(t.resource_id, '') || '/' || coalesce(t.tenant_id, '') || '/' || t.stamp AS record,
  t.observed_at AS moment, t.artefact,
  (t.together AND t.isolation = 'none' AND NOT t.disputed AND (t.beside OR t.placed)) AS outside,
  (coalesce(s.many, 0) = 0 OR t.isolation = 'logical') AND NOT t.disputed AS inside, 1 = 0 AS excused, t.broken,
  t.resource_id || ' is shared without isolation' AS why,
  CASE WHEN t.broken THEN NULL WHEN t.disputed OR s.many = 1 AND (t.isolation = 'dedicated' OR t.together)
       THEN '{Reason.CONTRADICTED}' END AS doubt
FROM (SELECT *, {stamp} AS stamp, {incomplete("tenancy")} AS broken,
        min({self._who()}) {at_once} <> max({self._who()}) {at_once} AS together,
        max({mine}) {at_once} = 1 AS beside,
        coalesce(min(isolation) {told} <> max(isolation) {told}, false) AS disputed,
        {self._placed("n.resource_id", "n.observed_at")} AS placed FROM tenancy AS n) AS t
LEFT JOIN shared AS s ON s.resource_id = t.resource_id
WHERE t.resource_id IS NULL OR t.tenant_id IS NULL OR t.observed_at IS NULL OR s.ours = 1"""

    def _attempts(self) -> str:
        """One attempt that is told in two ways shows neither; one from before the customer came, not its content."""
        told = f"OVER (PARTITION BY resource_id, {sql.identity('test_id')})"
        here = (
            "i.resource_id IN (SELECT resource_id FROM shared WHERE ours = 1) AND EXISTS (SELECT 1 FROM tenancy AS n "
            f"WHERE n.resource_id = i.resource_id AND {sql.one_of('n.tenant_id', self.tenants)} "
            "AND n.observed_at <= i.attempted_at)"
        )
        return f"""
SELECT 'isolation-test', coalesce(resource_id, '') || '/' || {sql.identity("test_id")}, attempted_at, artefact,
  (environment = 'production' AND outcome = 'succeeded' AND NOT disputed AND (here OR placed)),
  (environment = 'production' AND outcome = 'denied' AND NOT disputed),
  (environment <> 'production' AND outcome = 'denied' AND NOT disputed), {incomplete("isolation_tests")},
  CASE WHEN environment = 'production' THEN 'another tenant reached ' || resource_id ELSE 'not in production' END,
  CASE WHEN disputed OR outcome = 'succeeded' AND NOT {incomplete("isolation_tests")} THEN '{Reason.CONTRADICTED}' END
FROM (SELECT *, coalesce(min(environment || outcome) {told} <> max(environment || outcome) {told}, false) AS disputed,
        {self._placed("i.resource_id", "i.attempted_at")} AS placed, ({here}) AS here
      FROM isolation_tests AS i) AS attempt"""

    def _placed(self, resource: str, moment: str) -> str:
        """Return the condition that a resource is for sure a system in scope at a moment."""
        return f"({surely_in_scope(resource, moment)} AND NOT {excluded(resource, moment)})"

    def _shared(self) -> str:
        """Return per resource of the period whether several tenants use it and whether it is in this promise."""
        return f"""
system AS ({systems_in_scope(self.scope, self.systems)}),
shared AS (
  SELECT resource_id, CASE WHEN min({self._who()}) <> max({self._who()}) THEN 1 ELSE 0 END AS many,
    max(CASE WHEN {sql.one_of("tenant_id", self.tenants)} THEN 1 WHEN resource_id IN (SELECT system_id FROM system)
        THEN 1 ELSE 0 END) AS ours,
    max(CASE WHEN isolation = 'dedicated' THEN 0 ELSE 1 END) AS testable
  FROM (SELECT resource_id, tenant_id, isolation FROM tenancy WHERE resource_id IS NOT NULL
          AND observed_at >= {self.scope.start} AND observed_at < {self.scope.end}
        UNION ALL SELECT system_id, CAST(NULL AS VARCHAR), 'dedicated' FROM system) AS stated
  GROUP BY resource_id)"""

    def _who(self) -> str:
        """Return whose tenant it is: the customer shares nothing with itself, whatever its tenants are called."""
        mine = sql.one_of("tenant_id", self.tenants)
        return f"CASE WHEN {mine} THEN lower({sql.text(self.tenants[0])}) ELSE lower(tenant_id) END"

    def members(self) -> str:
        """Return every system in scope, and what else was seen with the customer, or at another time than stated."""
        ours = sql.one_of("n.tenant_id", self.tenants)
        return f"WITH {self._shared()},{system_members(self.scope, 'tenancy', ours)}"

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable, the customer was seen, and all not dedicated tested in production."""
        seen = f"""
SELECT CASE WHEN count(*) > 0 THEN 1 ELSE 0 END FROM tenancy
WHERE {sql.one_of("tenant_id", self.tenants)} AND observed_at >= {self.scope.start} AND observed_at < {self.scope.end}
  AND observed_at <= {self.scope.as_of}"""
        untested = f"""
WITH {self._shared()}
SELECT CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM shared
WHERE ours = 1 AND (many = 1 OR testable = 1) AND resource_id NOT IN (
  SELECT resource_id FROM isolation_tests WHERE environment = 'production' AND outcome = 'denied'
    AND resource_id IS NOT NULL AND attempted_at >= {self.scope.start} AND attempted_at < {self.scope.end}
    AND attempted_at <= {self.scope.as_of})"""
        return (
            readable_inventory(),
            # Tenants of other names share nothing with somebody whom nobody saw.
            Demand("tenancy", seen, Reason.INCOMPLETE_COVERAGE, "no snapshot names the customer as a tenant"),
            Demand("isolation_tests", untested, Reason.INCOMPLETE_COVERAGE, "a shared resource was not tested"),
        )

    def reach(self, query: Query) -> Reach:  # noqa: ARG002 - the inventory and the schedule are what must be complete
        """Return nothing further."""
        return nothing_further()
