"""How every store of every system in scope is encrypted, against the algorithms that the contract allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.allow_list import Demand, nothing_further
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
from evidence.model import Reason

#: Algorithms that a contract may allow, and weaker or other ones that configurations are known to name.
STRONG = ("AES-128", "AES-192", "AES-256", "Camellia-256", "ChaCha20-Poly1305", "XChaCha20-Poly1305")
OTHER = ("3DES", "Blowfish", "DES", "IDEA", "RC2", "RC4", "SM4", "TripleDES", "none")
#: Modes that a configuration may add to the name of a block cipher.
MODES = ("", "CBC", "CTR", "GCM", "GCM-SIV", "XTS")


def spellings(algorithms: Iterable[str]) -> set[str]:
    """Return every way to write the algorithms: with any mode, without case, hyphens and spaces."""
    return {_plain(a + mode) for a in algorithms for mode in MODES}


def _plainly(system: str) -> str:
    """Return the name of a system without a slash, as addresses write one, so that no other name reads the same."""
    return f"replace(replace({system}, '%', '%25'), '/', '%2F')"


def _store(system: str, resource: str) -> str:
    """Return the name of a store: all up to the first slash is its system."""
    return f"{_plainly(system)} || '/' || {resource}"


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


@dataclass(frozen=True, slots=True)
class StoresAtRest:
    """Snapshots of the configuration of each store; a default for new writes does not prove what was there before.

    A name of an algorithm that nobody knows is neither allowed nor forbidden. A store of a system that neither the
    contract nor the inventory names for that time can leave the promise open but not break it, and so can one of a
    system that one row of the inventory has in scope and another excludes.
    """

    scope: Scope
    algorithms: tuple[str, ...]
    systems: tuple[str, ...]

    noun = "observations"
    silences = ()

    def rows(self) -> str:
        """Return one row per store and snapshot."""
        allowed = spellings(self.algorithms)
        weak = spellings((*STRONG, *OTHER)) - allowed
        at = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
WITH system AS ({systems_in_scope(self.scope, self.systems)}),
ruling AS ({rulings(self.systems)})
SELECT subject, subject || '/' || stamp AS record, moment, artefact,
  ((NOT encrypted OR used IN {sql.texts(weak)}) AND placed) AS outside,
  (encrypted AND used IN {sql.texts(allowed)} AND applies_to = 'all' AND NOT astray) AS inside,
  1 = 0 AS excused, broken,
  subject || CASE WHEN encrypted THEN ' uses ' || algorithm ELSE ' is not encrypted' END AS why,
  CASE WHEN broken OR (applies_to = 'all' AND placed) THEN '{Reason.UNREADABLE_ROWS}'
       ELSE '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM (
  SELECT {_store("coalesce(system_id, '')", "coalesce(resource_id, '')")} AS subject, {at} AS stamp,
    observed_at AS moment, artefact, algorithm, applies_to, encrypted, {incomplete("storage_configs")} AS broken,
    replace(replace(replace(lower(algorithm), '-', ''), '_', ''), ' ', '') AS used,
    ({surely_in_scope("s.system_id", "s.observed_at")} AND NOT {excluded("s.system_id", "s.observed_at")}) AS placed,
    {astray("s.system_id", "s.observed_at")} AS astray
  FROM storage_configs AS s WHERE NOT {left_out("s.system_id", "s.observed_at")}
) AS store"""

    def members(self) -> str:
        """Return every store ever seen of a system in scope, and the system itself where none was."""
        return f"""
SELECT coalesce(r.subject, {_plainly("s.system_id")}) AS subject, s.low, s.high
FROM ({systems_in_scope(self.scope, self.systems)}) AS s
LEFT JOIN (SELECT system_id, {_store("system_id", "resource_id")} AS subject FROM storage_configs
           WHERE resource_id IS NOT NULL GROUP BY system_id, resource_id) AS r ON r.system_id = s.system_id"""

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable."""
        return (readable_inventory(),)

    def reach(self, query: Query) -> Reach:  # noqa: ARG002 - snapshots need no other count than their schedule
        """Return nothing further; the inventory and the schedule of snapshots are what completeness rests on."""
        return nothing_further()
