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
from checks.kernels.stored_systems import (
    astray,
    excluded,
    left_out,
    readable_inventory,
    rulings,
    surely_in_scope,
    systems_in_scope,
)
from checks.regions import Region
from checks.terms import Duration
from evidence.model import Reason

#: How many keys may wrap one another above the customer's; beyond that, as in a circle, nobody follows them.
STEPS = 4


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """Snapshots of keys, one row per key, store and snapshot; and of what configurations say of the stores.

    A key is shared when it, the key that wraps it, or another key under that one serves another tenant in the same
    snapshot; in another snapshot, or by a key that is destroyed, it leaves the promise open, and so does a key under it
    that names nobody. Nothing is known of a key from which the keys in evidence in the period do not lead, in `STEPS`
    steps at most, to one that nothing wraps; each of them is judged itself. `countries` are those in which keys must
    lie, or None where the contract places no keys.
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
  (k.mine AND k.alive AND (k.used OR k.wraps) AND (k.shared OR k.bare OR NOT k.within)
   AND (k.wraps OR NOT k.disputed)) AS outside,
  (k.alone AND k.sound AND NOT k.astray) AS inside,
  (k.alone AND (NOT k.alive OR (NOT k.used AND (NOT k.wraps OR k.sound)))) AS excused,
  k.broken,
  'key ' || k.key_id || CASE WHEN k.shared THEN ' also serves another tenant' WHEN k.bare THEN ' encrypts nothing'
    ELSE ' is in ' || coalesce(k.country, 'an unknown country') END AS why,
  CASE WHEN k.broken THEN '{Reason.UNREADABLE_ROWS}' WHEN k.touched THEN '{Reason.CONTRADICTED}'
       WHEN k.rooted AND k.mine AND NOT k.loose AND NOT k.astray THEN '{Reason.UNREADABLE_ROWS}'
       ELSE '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM (SELECT *, mine AND NOT touched AND NOT loose AS alone, rooted AND within AS sound FROM related) AS k
UNION ALL
{self._configured()}"""

    def _keys(self) -> str:
        """Return `key`, the snapshots of every key, and `kept`, one row per store of those that may be the customer's.

        A key that wraps one of the customer's is in the promise with it, whatever it encrypts itself. One that serves
        nobody is, where it encrypts a store in scope; one that does not say whom it serves always is.
        """
        start, end = self.scope.start, self.scope.end
        mine = " OR ".join(f"({contains_all('tenant_ids', (t,))})" for t in sorted(set(self.tenants)))
        foreign = f"len(list_filter(tenant_ids, lambda x: lower(x) NOT IN {_folded(self.tenants)})) > 0"
        stamp = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
key AS (
  SELECT key_id, tenant_ids, master_key_id, lower(region_code) AS region_code, lower(algorithm) = 'none' AS bare,
    state <> 'destroyed' AS alive, resource_ids, observed_at, artefact, {stamp} AS stamp,
    {incomplete("encryption_keys")} AS broken, ({mine}) AS mine, ({foreign}) AS foreign
  FROM encryption_keys WHERE coalesce(observed_at, {start}) >= {start} AND coalesce(observed_at, {start}) < {end}),
system AS ({systems_in_scope(self.scope, self.systems)}),
store AS (SELECT system_id, resource_id FROM storage_configs WHERE resource_id IS NOT NULL),
ruled AS ({rulings(self.systems)}),
ruling AS (
  SELECT name, since, ended, excludes, vague FROM ruled
  UNION SELECT s.resource_id, r.since, r.ended, r.excludes, r.vague
  FROM store AS s JOIN ruled AS r ON r.name = s.system_id),
wrapping AS (SELECT master_key_id FROM key WHERE mine AND master_key_id <> coalesce(key_id, '')),
spread AS (
  SELECT *, unnest(resource_ids) AS resource_id FROM key
  UNION ALL SELECT *, CAST(NULL AS VARCHAR) FROM key WHERE coalesce(len(resource_ids), 0) = 0),
kept AS (
  SELECT *, resource_id IS NOT NULL AS used, key_id IN (SELECT master_key_id FROM wrapping) AS wraps FROM spread AS k
  WHERE key_id IN (SELECT master_key_id FROM wrapping) OR (
    (coalesce(mine, true) OR (len(tenant_ids) = 0
       AND resource_id IN (SELECT system_id FROM system UNION ALL SELECT resource_id FROM store)))
    AND NOT {left_out("k.resource_id", "k.observed_at")}))"""

    def _related(self) -> str:
        """Return the rows with what is known of the keys they hang together with, in this snapshot and in others."""
        kin = (
            "f.foreign AND (f.key_id IN (k.key_id, k.master_key_id) OR f.master_key_id IN (k.key_id, k.master_key_id))"
        )
        near = f"abs(m.observed_at - k.observed_at) <= {self.every.microseconds}"
        steps = "".join(
            f"step{n} AS (SELECT key_id, observed_at FROM key AS k WHERE alive AND (key_id = master_key_id "
            f"OR EXISTS (SELECT 1 FROM step{n - 1} AS m WHERE m.key_id = k.master_key_id AND {near}))),\n"
            for n in range(2, STEPS + 1)
        )
        vague = (
            "EXISTS (SELECT 1 FROM ruling AS r WHERE r.name = k.resource_id AND r.vague AND NOT r.excludes "
            "AND coalesce(r.since <= k.observed_at, true) AND coalesce(r.ended > k.observed_at, true))"
        )
        within = "true" if self.countries is None else f"a.country IN {sql.texts(self.countries)}"
        return f"""
step1 AS (SELECT key_id, observed_at FROM key WHERE alive AND key_id = master_key_id),
{steps}related AS (
  SELECT k.*, a.country, {within} AS within,
    EXISTS (SELECT 1 FROM key AS f WHERE {kin} AND f.alive AND f.observed_at = k.observed_at) AS shared,
    EXISTS (SELECT 1 FROM key AS f WHERE {kin}) AS touched,
    EXISTS (SELECT 1 FROM key AS f WHERE len(f.tenant_ids) = 0
            AND f.master_key_id IN (k.key_id, k.master_key_id)) AS loose,
    EXISTS (SELECT 1 FROM step{STEPS} AS m WHERE m.key_id = k.master_key_id AND {near}) AS rooted,
    ({excluded("k.resource_id", "k.observed_at")} OR {vague}) AS disputed,
    {astray("k.resource_id", "k.observed_at")} AS astray
  FROM kept AS k LEFT JOIN anywhere AS a ON a.region_code = k.region_code AND a.countries = 1)"""

    def _configured(self) -> str:
        """A store's own configuration proves that it is bare, and must not name a key that is not the customer's.

        Nor may it name one that was destroyed by then, or speak of new objects only.
        """
        named = "k.key_id = s.key_id AND k.resource_id = s.resource_id"
        stamp = f"coalesce(CAST(s.observed_at AS VARCHAR), {sql.identity('NULL')})"
        store = "'store ' || coalesce(s.resource_id, '')"
        return f"""SELECT {store}, {store} || '/' || {stamp}, s.observed_at,
  s.artefact, (s.bare AND {surely_in_scope("s.system_id", "s.observed_at")}
               AND NOT {excluded("s.system_id", "s.observed_at")}) AS outside,
  (s.whole AND EXISTS (SELECT 1 FROM spread AS k WHERE k.mine AND k.alive AND {named})
   AND NOT EXISTS (SELECT 1 FROM spread AS k
                   WHERE NOT k.alive AND k.observed_at <= s.observed_at AND {named})) AS inside,
  (s.whole AND s.key_id IS NULL) AS excused, s.broken,
  CASE WHEN NOT s.bare THEN 'names no key' ELSE s.resource_id || ' is not encrypted' END,
  CASE WHEN s.broken THEN '{Reason.UNREADABLE_ROWS}' WHEN s.applies_to <> 'all' THEN '{Reason.INCOMPLETE_COVERAGE}'
       WHEN s.key_id IN (SELECT key_id FROM key) THEN '{Reason.CONTRADICTED}' ELSE '{Reason.INCOMPLETE_COVERAGE}' END
FROM (SELECT *, {incomplete("storage_configs")} AS broken, (NOT encrypted OR lower(algorithm) = 'none') AS bare,
        (encrypted AND lower(algorithm) <> 'none' AND applies_to = 'all') AS whole FROM storage_configs) AS s
WHERE NOT {left_out("s.system_id", "s.observed_at")}"""

    def members(self) -> str:
        """Return every store of a system in scope, the system where it has none, and all else the keys encrypt."""
        return f"""
WITH {self._keys()}
SELECT coalesce(r.resource_id, s.system_id) AS subject, s.low, s.high
FROM system AS s LEFT JOIN store AS r ON r.system_id = s.system_id
UNION
SELECT resource_id, {self.scope.start}, {self.scope.end} FROM kept
WHERE mine AND used AND alive
  AND resource_id NOT IN (SELECT system_id FROM system UNION ALL SELECT resource_id FROM store)"""

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable."""
        return (readable_inventory(),)

    def reach(self, query: Query) -> Reach:  # noqa: ARG002 - the inventory and the schedule are what must be complete
        """Return nothing further."""
        return nothing_further()


def _folded(names: Iterable[str]) -> str:
    return f"({', '.join(f'lower({sql.text(sql.tidy(n))})' for n in sorted(set(names)))})"
