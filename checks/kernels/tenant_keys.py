"""Whether each store of the customer is encrypted with a key that protects nobody else, up to the key that wraps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels.allow_list import Demand, nothing_further
from checks.kernels.document_texts import contains_all
from checks.kernels.places import places
from checks.kernels.present import incomplete
from checks.kernels.stored_systems import out_of_scope, readable_inventory, systems_in_scope
from checks.regions import Region
from checks.terms import Duration
from evidence.model import Reason


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """Snapshots of keys, one row per key, store and snapshot; and of what configurations say of the stores.

    A key is shared when it, the key that wraps it, or another key under that one serves another tenant in the same
    snapshot; in another snapshot it leaves the promise open. Nothing is known of a key whose wrapping key is not in
    evidence. `countries` are those in which keys must lie, or None where the contract places no keys.
    """

    scope: Scope
    tenants: tuple[str, ...]
    systems: tuple[str, ...]
    every: Duration
    countries: tuple[str, ...] | None
    catalogue: tuple[Region, ...]

    noun = "observations"

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return that the inventory, or a store's configuration, could put what the contract does not name outside."""
        return (Silence(("system_inventory", "storage_configs"), f"subject NOT IN {sql.texts(self.systems)}"),)

    def rows(self) -> str:
        """Return one row per key, store and snapshot of the customer's keys, and one per store's configuration."""
        return f"""
WITH {places(self.catalogue if self.countries is not None else ())},
{self._keys()},
{self._related()}
SELECT coalesce(k.resource_id, 'key ' || coalesce(k.key_id, '')) AS subject,
  coalesce(k.key_id, '') || '/' || coalesce(k.resource_id, '') || '/' || k.stamp AS record,
  k.observed_at AS moment, k.artefact,
  (k.mine AND (k.used OR k.wraps) AND ((k.state <> 'destroyed' AND (k.shared = 1 OR lower(k.algorithm) = 'none'))
     OR {self._outside()})) AS outside,
  (k.mine AND k.used AND k.state <> 'destroyed' AND k.shared = 0 AND k.shared_then = 0 AND k.rooted = 1
     AND {self._inside()}) AS inside,
  (k.mine AND (k.state = 'destroyed' OR NOT k.used) AND k.shared = 0 AND k.shared_then = 0
     AND (NOT k.wraps OR (k.rooted = 1 AND {self._inside()}))) AS excused, k.broken,
  CASE WHEN k.shared = 1 THEN 'key ' || k.key_id || ' also serves another tenant'
       WHEN k.wraps AND NOT k.used THEN 'key ' || k.key_id || ' wraps others'
       WHEN NOT k.used OR k.state = 'destroyed' THEN 'key ' || k.key_id || ' encrypts nothing'
       WHEN lower(k.algorithm) = 'none' THEN k.resource_id || ' is not encrypted'
       ELSE 'key ' || k.key_id || ' is in ' || coalesce(k.country, 'an unknown country') END AS why,
  CASE WHEN k.broken THEN '{Reason.UNREADABLE_ROWS}' WHEN k.shared_then = 1 THEN '{Reason.CONTRADICTED}'
       WHEN k.rooted = 0 OR NOT k.mine THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM related AS k
UNION ALL
{self._configured()}"""

    def _keys(self) -> str:
        """Return `key`, the snapshots of every key, and `kept`, one row per store of those that may be the customer's.

        A key that wraps one of the customer's is in the promise with it. One that serves nobody is, where it encrypts
        a store in scope; one that does not say whom it serves always is.
        """
        stores = "SELECT resource_id FROM storage_configs WHERE resource_id IS NOT NULL"
        mine = " OR ".join(f"({contains_all('tenant_ids', (t,))})" for t in sorted(set(self.tenants)))
        foreign = f"len(list_filter(tenant_ids, lambda x: lower(x) NOT IN {_folded(self.tenants)})) > 0"
        stamp = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
key AS (
  SELECT key_id, tenant_ids, master_key_id, lower(region_code) AS region_code, algorithm, state, resource_ids,
    observed_at, artefact, {stamp} AS stamp, {incomplete("encryption_keys")} AS broken,
    ({mine}) AS mine, ({foreign}) AS foreign, len(tenant_ids) = 0 AS nobody
  FROM encryption_keys),
system AS ({systems_in_scope(self.scope, self.systems)}),
wrapping AS (
  SELECT DISTINCT master_key_id FROM key
  WHERE coalesce(mine, true) AND master_key_id IS NOT NULL AND master_key_id <> coalesce(key_id, '')),
spread AS (
  SELECT *, unnest(resource_ids) AS resource_id FROM key
  UNION ALL SELECT *, CAST(NULL AS VARCHAR) FROM key WHERE coalesce(len(resource_ids), 0) = 0),
kept AS (
  SELECT *, resource_id IS NOT NULL AS used, coalesce(key_id IN (SELECT master_key_id FROM wrapping), false) AS wraps
  FROM spread
  WHERE (coalesce(mine, true) OR key_id IN (SELECT master_key_id FROM wrapping)
         OR (nobody AND (resource_id IN (SELECT system_id FROM system) OR resource_id IN ({stores}))))
    AND (resource_id IS NULL OR (resource_id NOT IN ({out_of_scope()})
         AND resource_id NOT IN ({stores} AND system_id IN ({out_of_scope()})))))"""

    def _related(self) -> str:
        """Return the rows with what is known of the keys they hang together with, in this snapshot and in others."""
        kin = (
            "f.foreign AND (f.key_id = k.key_id OR f.key_id = k.master_key_id OR f.master_key_id = k.master_key_id "
            "OR f.master_key_id = k.key_id)"
        )
        during = f"f.observed_at >= {self.scope.start} AND f.observed_at < {self.scope.end}"
        near = (
            f"m.observed_at >= k.observed_at - {self.every.microseconds} "
            f"AND m.observed_at <= least(k.observed_at + {self.every.microseconds}, {self.scope.as_of})"
        )
        root = "m.key_id = k.master_key_id AND m.mine AND NOT m.foreign AND NOT m.broken AND m.state <> 'destroyed'"
        return f"""
related AS (
  SELECT k.*, a.country, coalesce(a.countries, 0) AS countries,
    CASE WHEN EXISTS (SELECT 1 FROM key AS f WHERE {kin} AND f.observed_at = k.observed_at) THEN 1 ELSE 0 END AS shared,
    CASE WHEN EXISTS (SELECT 1 FROM key AS f WHERE {kin} AND {during}) THEN 1 ELSE 0 END AS shared_then,
    CASE WHEN k.master_key_id = k.key_id OR EXISTS (SELECT 1 FROM key AS m WHERE {root} AND {near})
         THEN 1 ELSE 0 END AS rooted
  FROM kept AS k LEFT JOIN anywhere AS a ON a.region_code = k.region_code)"""

    def _outside(self) -> str:
        if self.countries is None:
            return "1 = 0"
        return f"(k.state <> 'destroyed' AND k.countries = 1 AND k.country NOT IN {sql.texts(self.countries)})"

    def _inside(self) -> str:
        if self.countries is None:
            return "1 = 1"
        return f"(k.countries = 1 AND k.country IN {sql.texts(self.countries)})"

    def _configured(self) -> str:
        """A store's own configuration proves that it is bare, and must not name a key that is not the customer's."""
        stamp = f"coalesce(CAST(s.observed_at AS VARCHAR), {sql.identity('NULL')})"
        known = "SELECT 1 FROM key AS k WHERE k.key_id = s.key_id"
        store = "'store ' || coalesce(s.resource_id, '')"
        return f"""SELECT {store}, {store} || '/' || {stamp}, s.observed_at,
  s.artefact, (NOT s.encrypted AND s.system_id IN (SELECT system_id FROM system)) AS outside,
  (s.encrypted AND EXISTS ({known} AND k.mine AND list_contains(k.resource_ids, s.resource_id))) AS inside,
  (s.encrypted AND s.key_id IS NULL) AS excused, {incomplete("storage_configs")},
  CASE WHEN s.encrypted THEN 'names no key' ELSE s.resource_id || ' is not encrypted' END,
  CASE WHEN {incomplete("storage_configs")} OR NOT s.encrypted THEN '{Reason.UNREADABLE_ROWS}'
       WHEN EXISTS ({known}) THEN '{Reason.CONTRADICTED}' ELSE '{Reason.INCOMPLETE_COVERAGE}' END
FROM storage_configs AS s
WHERE s.system_id IS NULL OR s.system_id NOT IN ({out_of_scope()})"""

    def members(self) -> str:
        """Return every store of a system in scope, the system where it has none, and all else the keys encrypt."""
        low, high = self.scope.start, self.scope.end
        return f"""
WITH {self._keys()}
SELECT coalesce(r.resource_id, s.system_id) AS subject, s.low, s.high FROM system AS s
LEFT JOIN (SELECT DISTINCT system_id, resource_id FROM storage_configs
           WHERE system_id IS NOT NULL AND resource_id IS NOT NULL) AS r ON r.system_id = s.system_id
UNION
SELECT resource_id, {low}, {high} FROM kept
WHERE mine AND used AND state <> 'destroyed' AND observed_at >= {low} AND observed_at < {high}
  AND resource_id NOT IN (SELECT system_id FROM system)
  AND resource_id NOT IN (SELECT resource_id FROM storage_configs WHERE resource_id IS NOT NULL)"""

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable."""
        return (readable_inventory(),)

    def reach(self, query: Query) -> Reach:  # noqa: ARG002 - the inventory and the schedule are what must be complete
        """Return nothing further."""
        return nothing_further()


def _folded(names: Iterable[str]) -> str:
    return f"({', '.join(f'lower({sql.text(sql.tidy(n))})' for n in sorted(set(names)))})"
