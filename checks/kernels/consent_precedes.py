"""`consent-precedes`: for every event there is a permission, given before it, for it, and still valid at its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels.present import incomplete
from evidence.model import Reason


class Occasions(Protocol):
    """What needs permission, which permissions there are, and whether every occasion is known."""

    @property
    def noun(self) -> str:
        """Return what the events are called, in the plural."""

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return which events would need no permission if more had been heard."""

    def events(self) -> str:
        """Return a SELECT of everything the promise speaks of.

        Columns: subject, record, moment, until (the last instant), link (the permission it claims, or null), artefact,
        state, doubt, broken, provable, and whatever `scope_fits` mentions. `state` is `judged` where a permission is
        needed, else an outcome, with a reason code in `doubt` if unknown. A `broken` event is never ok; one that is
        not `provable` is never a violation.
        """

    def permissions(self) -> str:
        """Return a SELECT of permission_id, granted_at, valid_from, valid_to, scope, entitled, broken."""

    def scope_fits(self) -> str:
        """Return the condition that the scope of permission `p` names event `e`."""

    def needs_register(self) -> str:
        """Return the condition on an event `e` that it cannot be judged while the register holds nothing at all."""

    def reach(self, query: Query) -> Reach:
        """Return how far the evidence of the events reaches."""


@dataclass(frozen=True, slots=True)
class ConsentPrecedes:
    """Match events with permissions (rule G10); both ends of a permission's window are inclusive.

    A claimed permission is looked up by its id, otherwise every permission whose scope names the event is tried. One
    good permission is enough. Only when every candidate certainly fails is the event a violation: a permission with
    a value that is null, unreadable or stated in two versions may have covered it, and so may one whose window ends
    before it begins. `lasting` is the instant that a good one must reach, where an event `e` may have gone on for
    longer than until the last instant that is proved of it.
    """

    scope: Scope
    occasions: Occasions
    register: str
    without: str
    lasting: str = "e.until"

    name = "consent-precedes"
    measure = None

    @property
    def noun(self) -> str:
        """Return what the events are called."""
        return self.occasions.noun

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return that a permission would have allowed it."""
        return (Silence((self.register,)), *self.occasions.silences)

    def classify(self) -> str:
        """Return one row per event: ok with a permission, violation without one."""
        fits = self.occasions.scope_fits()
        candidate = "(e.link IS NULL OR p.permission_id IS NULL OR p.permission_id = e.link)"
        fails = (
            "(p.granted_at > e.moment OR ((p.valid_from > e.moment OR p.valid_to < coalesce(e.until, e.moment)) "
            f"AND NOT coalesce(p.valid_to < p.valid_from, false)) OR NOT {fits} OR NOT p.entitled)"
        )
        holds = (
            f"(p.granted_at <= e.moment AND p.valid_from <= e.moment AND p.valid_to >= {self.lasting} "
            f"AND e.until >= e.moment AND {fits} AND p.entitled AND NOT p.broken)"
        )
        return f"""
WITH event AS ({self.occasions.events()}),
permission AS ({self.occasions.permissions()}),
matched AS (
  SELECT e.*,
    EXISTS (SELECT 1 FROM permission AS p WHERE {candidate} AND {holds}) AS allowed,
    EXISTS (SELECT 1 FROM permission AS p WHERE {candidate} AND NOT coalesce({fails}, false)) AS perhaps,
    {self._perhaps_renewed(candidate, fits)} AS renewed,
    ({self.occasions.needs_register()}) AND NOT EXISTS (SELECT 1 FROM {self.register}) AS unlisted
  FROM event AS e WHERE e.state = 'judged'),
judged AS (
  SELECT subject, record, moment, artefact, doubt,
    CASE WHEN moment IS NULL OR moment > {self.scope.as_of} THEN 'unknown'
         WHEN allowed AND until <= {self.scope.as_of} THEN CASE WHEN NOT broken THEN 'ok' ELSE 'unknown' END
         WHEN unlisted THEN 'unlisted'
         WHEN perhaps OR renewed OR NOT coalesce(provable, false) THEN 'unknown'
         ELSE 'violation' END AS outcome
  FROM matched),
coded AS (
  SELECT subject, record, moment, CASE WHEN outcome = 'unlisted' THEN 'unknown' ELSE outcome END AS outcome,
    CASE outcome WHEN 'unlisted' THEN '{Reason.NO_EVIDENCE}' WHEN 'violation' THEN {sql.text(self.without)}
                 WHEN 'ok' THEN '' ELSE coalesce(doubt, '{Reason.UNREADABLE_ROWS}') END AS why,
    CAST(NULL AS BIGINT) AS measure, artefact FROM judged
  UNION ALL
  SELECT subject, record, moment, state, coalesce(doubt, ''), CAST(NULL AS BIGINT), artefact FROM event
  WHERE state <> 'judged')
{sql.worst_per_record("coded")}
"""

    def _perhaps_renewed(self, candidate: str, fits: str) -> str:
        """Return the condition that a good consent was there, and one that cannot be relied on may have renewed it."""
        if self.register != "consents":
            return "false"
        return (
            "EXISTS (SELECT 1 FROM permission AS p JOIN permission AS u "
            "ON (u.broken OR u.entitled IS NULL) AND coalesce(u.entitled, true) "
            "AND coalesce(lower(u.scope) = lower(p.scope), true) AND coalesce(u.granted_at <= p.valid_to, true) "
            f"WHERE {candidate} AND p.granted_at <= e.moment AND {fits} AND p.entitled AND NOT p.broken "
            "AND NOT coalesce(u.valid_to < coalesce(e.until, e.moment), false))"
        )

    def reach(self, query: Query) -> Reach:
        """Return how far the evidence of the events reaches."""
        return self.occasions.reach(query)


def consents(purpose: str, vendor: str, offices: Iterable[str]) -> str:
    """Return the permissions of the consents register for one purpose; a consent without an end never ends.

    Without named offices in the contract anyone but the vendor is entitled. A row that does not say its purpose may
    be for this one. A consent lasts as long as those that renew it.
    """
    named = list(offices)
    entitled = sql.one_of("granted_by", named) if named else f"NOT ({sql.same('granted_by', vendor)})"
    unclear = sql.whose(vendor, named)
    stated = f"""
SELECT DISTINCT consent_id AS permission_id, granted_at, granted_at AS valid_from,
  coalesce(expires_at, CASE WHEN NOT {sql.defective()} THEN {sql.NEVER} END) AS valid_to, scope,
  CASE WHEN NOT {unclear} THEN {entitled} END AS entitled, {incomplete("consents")} AS flawed,
  coalesce({sql.same("purpose", purpose)}, true) AS wanted FROM consents"""
    given = f"{one_version(stated, also='wanted')} WHERE wanted"
    lasting = sql.renewed(given, "granted_at", "valid_to", "(entitled AND NOT broken AND valid_to >= granted_at)")
    return f"""
SELECT permission_id, granted_at, valid_from, lasts AS valid_to, scope, entitled, broken FROM ({lasting}) AS lasting"""


def one_version(stated: str, also: str = "''") -> str:
    """Return the permissions with those marked broken whose id is stated with different facts, or with no scope.

    One permission may have several scopes. `also` is a column in which the statements of an id may not differ either.
    """
    facts = [f"coalesce(CAST({c} AS VARCHAR), '')" for c in ("granted_at", "valid_from", "valid_to", "entitled", also)]
    told = " || ' ' || ".join([*facts, "CASE WHEN scope IS NULL THEN '?' ELSE '' END"])
    return f"""
SELECT permission_id, granted_at, valid_from, valid_to, scope, entitled, broken
FROM (SELECT *, (flawed OR min(told) OVER (PARTITION BY permission_id) <> max(told) OVER (PARTITION BY permission_id))
        AS broken FROM (SELECT *, {told} AS told FROM ({stated}) AS stated) AS told) AS counted"""
