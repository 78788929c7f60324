"""How every store of every system in scope is encrypted, against the algorithms that the contract allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.allow_list import Demand, nothing_further
from checks.kernels.present import incomplete
from checks.kernels.stored_systems import out_of_scope, readable_inventory, systems_in_scope
from evidence.model import Reason

#: Algorithms that a contract may allow, and weaker or other ones that configurations are known to name.
STRONG = ("AES-128", "AES-192", "AES-256", "Camellia-256", "ChaCha20-Poly1305", "XChaCha20-Poly1305")
OTHER = ("3DES", "Blowfish", "DES", "IDEA", "RC2", "RC4", "SM4", "TripleDES", "none")
#: Modes that a configuration may add to the name of a block cipher.
MODES = ("", "CBC", "CTR", "GCM", "GCM-SIV", "XTS")


def spellings(algorithms: Iterable[str]) -> str:
    """Return every way to write the algorithms as a SQL list: with any mode, without case, hyphens and spaces."""
    return sql.texts(_plain(a + mode) for a in algorithms for mode in MODES)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


@dataclass(frozen=True, slots=True)
class StoresAtRest:
    """Snapshots of the configuration of each store; a default for new writes does not prove what was there before.

    A name of an algorithm that nobody knows is neither allowed nor forbidden. A store of a system that neither the
    contract nor the inventory names can leave the promise open but not break it.
    """

    scope: Scope
    algorithms: tuple[str, ...]
    systems: tuple[str, ...]

    noun = "observations"
    silences = ()

    def rows(self) -> str:
        """Return one row per store and snapshot."""
        named = sql.texts(self.systems)
        allowed, known = spellings(self.algorithms), spellings((*STRONG, *OTHER))
        at = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
SELECT subject, subject || '/' || stamp AS record, moment, artefact, (bare OR weak) AND placed AS outside,
  (NOT bare AND NOT weak AND used IN {allowed} AND applies_to = 'all') AS inside, 1 = 0 AS excused, broken,
  CASE WHEN bare THEN subject || ' is not encrypted' ELSE subject || ' uses ' || algorithm END AS why,
  CASE WHEN (applies_to = 'new-writes' OR NOT placed) AND NOT broken THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM (
  SELECT coalesce(system_id, '') || '/' || coalesce(resource_id, '') AS subject, {at} AS stamp, observed_at AS moment,
    artefact, algorithm, applies_to, used, NOT encrypted AS bare,
    (used IN {known} AND used NOT IN {allowed}) AS weak, {incomplete("storage_configs")} AS broken,
    CASE WHEN system_id IN {named} OR system_id IN (
      SELECT system_id FROM system_inventory WHERE in_scope AND holds_content AND system_id IS NOT NULL)
      THEN true ELSE false END AS placed
  FROM (SELECT *, replace(replace(replace(lower(algorithm), '-', ''), '_', ''), ' ', '') AS used
        FROM storage_configs) AS spelt
  WHERE system_id IS NULL OR system_id IN {named} OR system_id NOT IN ({out_of_scope()})
) AS store"""

    def members(self) -> str:
        """Return every store ever seen of a system in scope, and the system itself where none was."""
        return f"""
SELECT coalesce(r.subject, s.system_id) AS subject, s.low, s.high
FROM ({systems_in_scope(self.scope, self.systems)}) AS s
LEFT JOIN (SELECT DISTINCT system_id, system_id || '/' || resource_id AS subject FROM storage_configs
           WHERE system_id IS NOT NULL AND resource_id IS NOT NULL) AS r ON r.system_id = s.system_id"""

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable."""
        return (readable_inventory(),)

    def reach(self, query: Query) -> Reach:  # noqa: ARG002 - snapshots need no other count than their schedule
        """Return nothing further; the inventory and the schedule of snapshots are what completeness rests on."""
        return nothing_further()
