"""Rules that would copy content abroad: configured and perhaps not yet followed, which is a promise of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query
from checks.kernels.present import incomplete
from evidence.model import Coverage, Reason

RULE = "replication rule"
#: What the contract says of a rule that points abroad and has copied nothing; None where it says nothing.
Stance: TypeAlias = Literal["forbidden", "allowed"] | None


def rows(scope: Scope, stance: Stance, allowed: Iterable[str], consented: Callable[[str, str, str, str], str]) -> str:
    """Return a UNION of one row per rule seen in the period, over the CTEs `place` and `consent` of the located kernel.

    Where the contract neither forbids nor allows the configuration, a rule that points abroad contradicts the promise
    without proving that anything was moved.
    """
    outside = {
        "forbidden": consented("r.moment", "r.record, p.country", "lower(c.scope) = r.region_code", "r.broken"),
        "allowed": "'excused'",
        None: "'unknown'",
    }[stance]
    return f"""
  UNION ALL
  SELECT '{RULE}', r.record, r.moment, r.artefact, CAST(NULL AS BIGINT),
    CASE WHEN r.broken AND NOT r.told THEN 'unknown' WHEN NOT r.enabled THEN 'excused'
         WHEN coalesce(p.countries, 0) <> 1 THEN 'unknown'
         WHEN p.country NOT IN {sql.texts(allowed)} THEN {outside} WHEN r.broken THEN 'unknown' ELSE 'ok' END,
    CASE WHEN r.broken AND NOT r.told THEN '{Reason.UNREADABLE_ROWS}' WHEN NOT r.enabled THEN 'disabled'
         WHEN coalesce(p.countries, 0) > 1 THEN '{Reason.CONTRADICTED}'
         WHEN coalesce(p.countries, 0) = 0 THEN '{Reason.UNREADABLE_ROWS}'
         WHEN p.country IN {sql.texts(allowed)} THEN CASE WHEN r.broken THEN '{Reason.UNREADABLE_ROWS}' ELSE '' END
         ELSE {"p.country || ' (' || r.region_code || '), by rule'" if stance else f"'{Reason.CONTRADICTED}'"} END
  FROM (SELECT {sql.identity("rule_id")} || '/' || coalesce(CAST(observed_at AS VARCHAR), '') AS record, artefact,
          observed_at AS moment, lower(provider) AS provider, lower(region_code) AS region_code, enabled,
          ({incomplete("replication_configs")} OR observed_at > {scope.as_of}) AS broken,
          coalesce(enabled AND observed_at <= {scope.as_of}, false) AS told
        FROM replication_configs
        WHERE observed_at IS NULL OR (observed_at >= {scope.start} AND observed_at < {scope.end})) AS r
  LEFT JOIN place AS p ON p.provider = r.provider AND p.region_code = r.region_code"""


def unseen(seen: int) -> tuple[list[Coverage], set[Reason]]:
    """Return what is missing where the contract forbids rules: somebody must have looked, if only to find none."""
    note = "" if seen else "nobody looked at the rules in the period"
    coverage = Coverage(subject="replication_configs", covered=not note, observed=seen, note=note)
    return [coverage], {Reason.NO_EVIDENCE} if note else set()


def unsaid(query: Query) -> list[Coverage]:
    """Return a note where a rule points abroad and the contract does not say what that means."""
    rules = query(
        f"SELECT count(*) FROM classified WHERE subject = '{RULE}' AND outcome = 'unknown' "
        f"AND why = '{Reason.CONTRADICTED}'"
    )[0][0]
    note = "one points abroad, and the contract neither forbids nor allows the configuration (replication_rules)"
    return [Coverage(subject="replication_configs", covered=False, observed=rules, note=note)] if rules else []
