"""Who received content or came to it, and whether the customer had agreed to that party by then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels.access_sessions import LOG, count_log
from checks.kernels.allow_list import Demand
from checks.kernels.deadline import STATEMENT, denial
from checks.kernels.present import incomplete
from checks.terms import Duration
from evidence.model import Assurance, Coverage, Exhibit, Outcome, Reason

DISCLOSURES = "disclosures"
#: What the vendor's signed statement must assert beside a register that lists disclosures, and beside an empty one.
NO_OTHER = ("no_other_disclosure", "no_other_legal_process")
NONE_AT_ALL = ("no_disclosure", "no_legal_process")


@dataclass(frozen=True, slots=True)
class Recipients:
    """Disclosures, sessions of anybody but the customer, the vendor's list of subprocessors, and incidents.

    A party is agreed to when the contract names it, or when the vendor listed it and announced it `ahead` of the event.
    One that is certainly neither breaks the promise; a list entry that was not announced only leaves it open, and so
    does an incident that touched content. `legal_process` is what the contract says of disclosures under compulsion.
    """

    scope: Scope
    approved: tuple[str, ...]
    vendor_side: tuple[str, ...]
    customer_side: tuple[str, ...]
    ahead: Duration
    legal_process: str
    unless: str | None

    noun = "disclosures, sessions, listings and incidents"
    silences = (Silence(("subprocessors", "notices", "consents")),)

    def rows(self) -> str:
        """Return one row per disclosure, session, listing and incident."""
        consents = sql.consents(self.unless, self.scope.vendor, self.scope.consent_offices)
        return f"""
WITH consent AS ({consents}),
{self._registers()},
{self._parties()},
{self._weighed()}
SELECT subject, record, moment, artefact,
  (reaches AND NOT own AND NOT agreed AND NOT akin AND NOT perhaps AND NOT unregistered AND NOT allowed AND NOT nameless
   AND (NOT compelled OR told_late)) AS outside,
  (agreed OR listed) AS inside, (own OR allowed OR (compelled AND told)) AS excused, broken,
  CASE WHEN own THEN 'own staff' WHEN listed OR agreed THEN 'agreed' WHEN allowed THEN 'consented'
       WHEN compelled THEN 'compelled, ' || name ELSE name || ' was not agreed to' END AS why,
  CASE WHEN NOT broken AND name IS NOT NULL THEN
    CASE WHEN unregistered THEN '{Reason.NO_EVIDENCE}' ELSE '{Reason.INCOMPLETE_COVERAGE}' END END AS doubt
FROM weighed
UNION ALL
{self._listings()}
UNION ALL
{self._incidents()}"""

    def _registers(self) -> str:
        """Return `told`, when each notice was certainly received, and `entry`, from when each listing counts."""
        ahead = self.ahead.microseconds
        return f"""
told AS (
  SELECT notice_id, lower(min(kind)) AS kind,
    CASE WHEN max(flaw) = 0 AND min(lower(kind)) = max(lower(kind)) THEN min(received_at) END AS first_at,
    CASE WHEN max(flaw) = 0 AND min(lower(kind)) = max(lower(kind)) THEN max(received_at) END AS last_at
  FROM (SELECT notice_id, kind, received_at,
          CASE WHEN {incomplete("notices")} OR coalesce(sent_at > received_at, false) THEN 1 ELSE 0 END AS flaw
        FROM notices WHERE notice_id IS NOT NULL AND coalesce(received_at, 0) <= {self.scope.as_of}) AS stated
  GROUP BY notice_id),
entry AS (
  SELECT lower(s.name) AS name, greatest(s.listed_at, coalesce(s.effective_at, s.listed_at)) AS since,
    n.first_at + {ahead} AS soonest, n.last_at + {ahead} AS latest, s.broken,
    coalesce(s.name, s.artefact || '#' || CAST(s.row AS VARCHAR)) AS label, s.artefact
  FROM (SELECT *, {incomplete("subprocessors")} AS broken FROM subprocessors) AS s
  LEFT JOIN told AS n ON n.notice_id = s.notice_id AND n.kind = 'subprocessor')"""

    def _parties(self) -> str:
        """Return `party`: who came to content, when and on which ground.

        A session from before the period that goes on into it is there when the period begins, and is not among those
        that a meter counts in it. If its end is not known it may have been over by then, and if it began before the
        clause was in force another version speaks of it.
        """
        start = self.scope.start
        known = f"(ended_at >= started_at AND ended_at <= {self.scope.as_of})"
        return f"""
party AS (
  SELECT '{DISCLOSURES}' AS subject, {sql.identity("disclosure_id")} AS record, disclosed_at AS moment,
    recipient AS name, disclosure_id AS own_id, legal_basis AS basis, notice_id, artefact,
    {incomplete("disclosures")} AS broken, true AS reaches FROM disclosures
  UNION ALL
  SELECT CASE WHEN started_at < {start} THEN 'session from before' ELSE '{LOG}' END, {sql.identity("event_id")},
    CASE WHEN started_at < {start} THEN {start} ELSE started_at END, principal_org, event_id, 'access',
    CAST(NULL AS VARCHAR), artefact, {incomplete("access_events")},
    (started_at >= {start} OR (started_at >= {self.scope.since} AND coalesce({known}, false)))
  FROM access_events WHERE NOT coalesce(started_at < {start} AND {known} AND ended_at <= {start}, false))"""

    def _weighed(self) -> str:
        """Return `weighed`, what is known of each party at that moment; null where the evidence cannot say."""
        announced = "coalesce(e.since > p.moment OR e.soonest > p.moment, false)"
        consented = (
            "c.granted_at <= p.moment AND (c.expires_at IS NULL OR c.expires_at >= p.moment) "
            "AND (c.scope = p.own_id OR lower(c.scope) = lower(p.name))"
        )
        doubtful = "NOT c.sure AND (c.scope IS NULL OR c.scope = p.own_id OR lower(c.scope) = lower(p.name))"
        compelled = "p.basis = 'legal-process'" if self.legal_process == "after-notice" else "p.basis IS NULL AND 1 = 0"
        unnamed = "p.own_id IS NULL" if self.unless else "1 = 0"  # it may be the one that a consent names
        notice = "n.notice_id = p.notice_id AND n.kind = 'legal-process'"
        return f"""
weighed AS (
  SELECT p.*, {self._akin("p.name")} AS akin,
    {self._ours("p.name")} AS own, {self._agreed("p.name")} AS agreed, {compelled} AS compelled,
    {unnamed} OR EXISTS (SELECT 1 FROM consent AS c WHERE {doubtful}) AS nameless,
    EXISTS (SELECT 1 FROM consent AS c WHERE c.sure AND {consented}) AS allowed,
    EXISTS (SELECT 1 FROM entry AS e WHERE NOT e.broken AND e.name = lower(p.name) AND e.since <= p.moment
            AND e.latest <= p.moment) AS listed,
    EXISTS (SELECT 1 FROM entry AS e WHERE (e.name IS NULL OR e.name = lower(p.name)) AND NOT {announced}) AS perhaps,
    NOT EXISTS (SELECT 1 FROM subprocessors) AS unregistered,
    EXISTS (SELECT 1 FROM told AS n WHERE {notice} AND n.last_at <= p.moment) AS told,
    EXISTS (SELECT 1 FROM told AS n WHERE {notice} AND n.first_at > p.moment) AS told_late
  FROM party AS p)"""

    def _listings(self) -> str:
        """Return one row per entry of the vendor's list; being listed proves no disclosure, so none is a violation."""
        start = self.scope.start
        return f"""
SELECT 'subprocessors', label || '/' || coalesce(CAST(since AS VARCHAR), ''), greatest(since, {start}), artefact,
  1 = 0, ({self._agreed("name")} OR latest <= since), 1 = 0, broken, 'agreed',
  CASE WHEN NOT broken THEN
    CASE WHEN soonest > since THEN '{Reason.CONTRADICTED}' ELSE '{Reason.INCOMPLETE_COVERAGE}' END END
FROM entry"""

    def _incidents(self) -> str:
        """Return one row per account of an incident; one that touched content contradicts what the registers say.

        An account that has the incident occur after somebody knew of it does not say when it was.
        """
        earlier = "coalesce(occurred_at > vendor_aware_at, false) OR coalesce(occurred_at > customer_aware_at, false)"
        at = f"CASE WHEN NOT ({earlier}) THEN coalesce(occurred_at, vendor_aware_at, customer_aware_at) END"
        return f"""
SELECT 'incidents', {sql.identity("incident_id")} || '/' || coalesce(reported_by, ''), {at}, artefact, 1 = 0, 1 = 0,
  len(data_classes) = 0, {incomplete("incidents")}, 'touched no content',
  CASE WHEN NOT {incomplete("incidents")} AND {at} IS NOT NULL THEN '{Reason.CONTRADICTED}' END
FROM incidents"""

    def _ours(self, column: str) -> str:
        theirs = sql.one_of(column, (self.scope.vendor, *self.vendor_side))
        return f"({sql.one_of(column, (*self.scope.customer, *self.customer_side))} AND NOT {theirs})"

    def _akin(self, column: str) -> str:
        """A side's name with another legal form may be that side: not agreed to, and no stranger."""
        names = (self.scope.vendor, *self.scope.customer[:1])
        return f"({' OR '.join(sql.spelt_like(column, name) for name in names)})"

    def _agreed(self, column: str) -> str:
        return sql.one_of(column, (self.scope.vendor, *self.vendor_side, *self.approved))

    def members(self) -> str:
        """Return nothing: events are counted, not followed in time."""
        return "SELECT '' AS subject, 0 AS low, 0 AS high WHERE 1 = 0"

    def demands(self) -> tuple[Demand, ...]:
        """Return nothing: what must be there is a count and a statement."""
        return ()

    def reach(self, query: Query) -> Reach:
        """Return whether the log of accesses was counted, and whether the vendor signed that there was nothing else.

        Nobody but the vendor can count its disclosures, so the promise is attested at best; a count that somebody made
        of them all the same must agree.
        """
        counted = [count_log(query, self.scope, not_by=self.vendor_side)]
        totals = f"SELECT count(*) FROM log_totals WHERE {sql.same('log', DISCLOSURES)}"
        if query(totals)[0][0]:
            counted.append(count_log(query, self.scope, DISCLOSURES, self.vendor_side))
        listed = query(f"SELECT count(*) FROM {DISCLOSURES}")[0][0]
        statements = [denial(self.scope, a) for a in (NO_OTHER if listed else NONE_AT_ALL)]
        stated = [s.reach(query) for s in statements]
        denying = self._denying(query)
        gaps = frozenset({Reason.CONTRADICTED} if denying or any(s.doubted(query) for s in statements) else ())
        return Reach(
            coverage=(*_all(c.coverage for c in counted), *_all(s.coverage for s in stated)),
            gaps=gaps.union(*(c.gaps for c in counted), *(s.gaps for s in stated)),
            assurance=Assurance.ATTESTED,
            contradicting=denying,
        )

    def _denying(self, query: Query) -> tuple[Exhibit, ...]:
        """Return the statements that deny every disclosure of a time for which the register lists one (rule G5)."""
        found = query(
            f"WITH {denial(self.scope, NONE_AT_ALL[0]).trusted()} SELECT record, artefact FROM trusted AS t "
            f"WHERE usable AND EXISTS (SELECT 1 FROM classified AS c WHERE c.subject = '{DISCLOSURES}' "
            f"AND c.moment >= t.first_day * {sql.DAY} AND c.moment < (t.last_day + 1) * {sql.DAY}) "
            "ORDER BY record LIMIT 5"
        )
        why = "states that nothing was disclosed"
        return tuple(
            Exhibit(record=f"{STATEMENT}/{r[0]}", outcome=Outcome.OK, measure=None, artefact=r[1], why=why)
            for r in found
        )


def _all(parts: Iterable[tuple[Coverage, ...]]) -> tuple[Coverage, ...]:
    return tuple(c for part in parts for c in part)
