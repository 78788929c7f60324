"""The systems whose stores must be observed: those of the inventory that hold content, and those of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from checks import sql
from checks.commitment import Scope
from checks.kernels.allow_list import Demand
from checks.kernels.present import incomplete
from evidence.model import Reason


def systems_in_scope(scope: Scope, named: Iterable[str]) -> str:
    """Return a SELECT of system_id, low, high, sure: each system and the part of the period in which it existed.

    The inventory cannot take a system out of scope that the contract names, for no time at all. One that the inventory
    adds by a row that cannot be read must be observed, but that it is in scope is not `sure`.
    """
    listed = sql.rows("named", ("system_id",), [(sql.text(s),) for s in sorted(set(named))])
    low, high = str(scope.start), str(scope.end)
    ours = f"system_id IN {sql.texts(named)}"
    denied = f"({ours} AND (NOT coalesce(in_scope AND holds_content, false) OR {sql.defective()}))"
    return f"""
WITH {listed},
inventoried AS (
  SELECT system_id, CASE WHEN {denied} THEN {low} ELSE greatest(coalesce(valid_from, {low}), {low}) END AS low,
    CASE WHEN {denied} THEN {high} ELSE least(coalesce(valid_to, {high}), {high}) END AS high,
    {ours} OR (in_scope AND holds_content AND NOT ({sql.defective()})) AS sure
  FROM system_inventory WHERE system_id IS NOT NULL AND (coalesce(in_scope AND holds_content, true) OR {ours})
    AND coalesce(valid_from, {low}) < {high} AND coalesce(valid_to, {high}) > {low})
SELECT system_id, low, high, sure FROM inventoried
UNION
SELECT system_id, {low}, {high}, true FROM named WHERE system_id NOT IN (SELECT system_id FROM inventoried)"""


def surely_in_scope(system: str, moment: str) -> str:
    """Return the condition that a system was in scope at a moment for certain; `system` must be there as a CTE."""
    return (
        f"EXISTS (SELECT 1 FROM system AS placed WHERE placed.sure AND placed.system_id = {system} "
        f"AND {moment} >= placed.low AND {moment} < placed.high)"
    )


def rulings(named: Iterable[str]) -> str:
    """Return a SELECT of name, since, ended, excludes, vague: what each row of the inventory says of its system, when.

    A row that would take a system of the contract out of scope says nothing, and one that cannot be read, or leaves its
    answer out, does not exclude its system and may (it is `vague`).
    """
    certain = f"NOT ({sql.defective()}) AND NOT {sql.VOID}"
    return f"""
SELECT system_id AS name, valid_from AS since, valid_to AS ended,
  (NOT coalesce(in_scope AND holds_content, true) AND {certain}) AS excludes,
  (NOT coalesce(in_scope AND holds_content AND {certain}, false) AND NOT {sql.VOID}
    AND system_id NOT IN {sql.texts(named)}) AS vague
FROM system_inventory
WHERE system_id IS NOT NULL AND (coalesce(in_scope AND holds_content, true) OR system_id NOT IN {sql.texts(named)})"""


def excluded(name: str, moment: str) -> str:
    """Return the condition that the inventory excludes a name at a moment; `ruling` must be there as a CTE."""
    return (
        f"EXISTS (SELECT 1 FROM ruling AS r WHERE r.name = {name} AND r.excludes "
        f"AND (r.since IS NULL OR r.since <= {moment}) AND (r.ended IS NULL OR r.ended > {moment}))"
    )


def left_out(name: str, moment: str) -> str:
    """Return the condition that a name is excluded at a moment, and no other row may have it in scope then."""
    return (
        f"({excluded(name, moment)} AND NOT EXISTS (SELECT 1 FROM ruling AS r WHERE r.name = {name} "
        f"AND NOT r.excludes AND coalesce(r.since <= {moment}, true) AND coalesce(r.ended > {moment}, true)))"
    )


def astray(name: str, moment: str) -> str:
    """Return the condition that something of a name is seen while the inventory knows it for other times only."""
    return (
        f"(EXISTS (SELECT 1 FROM ruling AS r WHERE r.name = {name}) AND NOT EXISTS (SELECT 1 FROM ruling AS r "
        f"WHERE r.name = {name} AND coalesce(r.since <= {moment}, true) AND coalesce(r.ended >= {moment}, true)))"
    )


def system_members(scope: Scope, seen: str, ours: str) -> str:
    """Return a CTE and a SELECT of subject, low, high: systems in scope, and what else was seen to be the customer's.

    `seen` is a table of resource_id and observed_at, `ours` the condition that a row n of it is the customer's. What
    was seen at another time than the inventory states was there throughout, for all that is known.
    """
    low, high = str(scope.start), str(scope.end)
    return f"""
astray AS (
  SELECT DISTINCT n.resource_id FROM {seen} AS n
  WHERE {ours} AND n.resource_id IS NOT NULL AND n.observed_at >= {low} AND n.observed_at < {high} AND NOT EXISTS (
    SELECT 1 FROM system AS s
    WHERE s.system_id = n.resource_id AND n.observed_at >= s.low AND n.observed_at <= s.high))
SELECT system_id AS subject, low, high FROM system WHERE system_id NOT IN (SELECT resource_id FROM astray)
UNION
SELECT resource_id, {low}, {high} FROM astray"""


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
