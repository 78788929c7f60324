"""Whether tenants are kept apart in every system in scope, and whether attempts to cross over were refused."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.allow_list import Demand, nothing_further
from checks.kernels.present import incomplete
from checks.kernels.stored_systems import readable_inventory, systems_in_scope
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
        stamp = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
WITH {self._shared()}
SELECT coalesce(t.resource_id, '') AS subject,
  coalesce(t.resource_id, '') || '/' || coalesce(t.tenant_id, '') || '/' || t.stamp AS record,
  t.observed_at AS moment, t.artefact, (t.together AND t.isolation = 'none') AS outside,
  (coalesce(s.many, 0) = 0 OR t.isolation = 'logical') AS inside, 1 = 0 AS excused, t.broken,
  t.resource_id || ' is shared without isolation' AS why,
  CASE WHEN s.many = 1 AND t.isolation = 'dedicated' AND NOT t.broken THEN '{Reason.CONTRADICTED}' END AS doubt
FROM (SELECT *, {stamp} AS stamp, {incomplete("tenancy")} AS broken,
        min({self._who()}) OVER (PARTITION BY resource_id, observed_at)
          <> max({self._who()}) OVER (PARTITION BY resource_id, observed_at) AS together FROM tenancy) AS t
LEFT JOIN shared AS s ON s.resource_id = t.resource_id
WHERE t.resource_id IS NULL OR s.ours = 1
UNION ALL
SELECT 'isolation-test', coalesce(resource_id, '') || '/' || {sql.identity("test_id")}, attempted_at, artefact,
  CASE WHEN environment = 'production' AND outcome = 'succeeded'
            AND resource_id IN (SELECT resource_id FROM shared WHERE ours = 1) THEN true ELSE false END,
  (environment = 'production' AND outcome = 'denied'),
  (environment <> 'production' AND outcome = 'denied'), {incomplete("isolation_tests")},
  CASE WHEN environment = 'production' THEN 'another tenant reached ' || resource_id ELSE 'not in production' END,
  CASE WHEN outcome = 'succeeded' AND NOT {incomplete("isolation_tests")} THEN '{Reason.CONTRADICTED}' END
FROM isolation_tests"""

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
        """Return every system in scope and every other resource that holds the customer's content."""
        return f"""
WITH {self._shared()}
SELECT system_id AS subject, low, high FROM system
UNION
SELECT resource_id, {self.scope.start}, {self.scope.end} FROM shared
WHERE ours = 1 AND resource_id NOT IN (SELECT system_id FROM system)"""

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
