"""The systems whose stores must be observed: those of the inventory that hold content, and those of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from checks import sql
from checks.commitment import Scope
from checks.kernels.allow_list import Demand
from checks.kernels.present import incomplete
from evidence.model import Reason


def systems_in_scope(scope: Scope, named: Iterable[str]) -> str:
    """Return a SELECT of system_id, low, high: each system and the part of the period in which it existed.

    The inventory cannot take a system out of scope that the contract names.
    """
    listed = sql.rows("named", ("system_id",), [(sql.text(s),) for s in sorted(set(named))])
    low, high = str(scope.start), str(scope.end)
    return f"""
WITH {listed},
inventoried AS (
  SELECT DISTINCT system_id, greatest(coalesce(valid_from, {low}), {low}) AS low,
    least(coalesce(valid_to, {high}), {high}) AS high
  FROM system_inventory WHERE system_id IS NOT NULL AND coalesce(in_scope, true) AND coalesce(holds_content, true)
    AND coalesce(valid_from, {low}) < {high} AND coalesce(valid_to, {high}) > {low})
SELECT system_id, low, high FROM inventoried
UNION
SELECT system_id, {low}, {high} FROM named WHERE system_id NOT IN (SELECT system_id FROM inventoried)"""


def out_of_scope() -> str:
    """Return a SELECT of the systems that the inventory certainly excludes."""
    return (
        "SELECT system_id FROM system_inventory WHERE system_id IS NOT NULL AND (NOT in_scope OR NOT holds_content) "
        f"AND NOT ({sql.defective()})"
    )


def readable_inventory() -> Demand:
    """Return that there is an inventory and every row of it could be read."""
    return Demand(
        "system_inventory",
        "SELECT CASE WHEN count(*) > 0 AND count(CASE WHEN "
        f"{incomplete('system_inventory')} OR valid_to <= valid_from THEN 1 END) = 0 THEN 1 ELSE 0 END "
        "FROM system_inventory",
        Reason.UNREADABLE_ROWS,
        "there is no inventory, or it has rows that cannot be read",
    )
