"""`set-membership`: everything observed lies inside an allow-list, and everything was observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checks import sql
from checks.commitment import Scope
from checks.kernel import Plan, Query, Reach, Silence
from checks.kernels import replication_rules
from checks.kernels.places import places
from checks.kernels.reconcile import Expectation, reconcile
from checks.regions import Region
from evidence.model import Assurance, Coverage, Reason

#: Attempts that never ran: nothing was processed anywhere, so they have no place to judge.
NOT_PROCESSED = ("blocked", "denied", "throttled")
#: Activities that put content into systems; a promise about them is about every inventoried system.
STORING = frozenset({"store", "backup", "replicate", "log"})
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Located:
    """Where activities happened, by an exact catalogue of region codes; an unknown code is never a member.

    The shipped catalogue may be extended by evidence but not contradicted: a code with two countries is unknown.
    `rules` says what a rule that would replicate abroad means; `ignored` where only what happened counts.
    """

    scope: Scope
    allowed: tuple[str, ...]
    activities: tuple[str, ...]
    unless: str | None
    catalogue: tuple[Region, ...]
    rules: replication_rules.Stance | Literal["ignored"] = "ignored"

    name = "set-membership"
    noun = "activities"
    measure = None

    @property
    def stores(self) -> bool:
        """Return whether the promise is about where content is kept, and so about the inventoried systems."""
        return bool(STORING & set(self.activities))

    plan = Plan(one_pass=True, lean=True)

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return that a consent would have excused what happened outside."""
        return (Silence(("consents",)),) if self.unless else ()

    def classify(self) -> str:
        """Return one row per activity of the promised types in the period, and one per inventoried system's region."""
        return f"{self.judgement(f'({self.stays()})')}\n{sql.worst_per_record('coded')}\n"

    def judgement(self, stays: str) -> str:
        """Return a WITH that ends in `coded`: one row per stated activity and, of the stays, per system and region."""
        return f"""
WITH {places(self.catalogue)},{self._consents()}
seen AS (
  SELECT coalesce(activity, '') AS subject, {sql.identity("activity_id")} AS record, occurred_at AS moment,
         lower(provider) AS provider, lower(region_code) AS region_code, artefact, request_id,
         (outcome IN {sql.texts(NOT_PROCESSED)} AND coalesce(input_tokens, 0) = 0
          AND coalesce(output_tokens, 0) = 0) AS unprocessed, outcome,
         ({sql.defect_in("outcome", "request_id", "input_tokens", "output_tokens")} OR coalesce(input_tokens, 0) < 0
          OR coalesce(output_tokens, 0) < 0{self._nameless()}) AS doubtful,
         ({sql.defective()} OR activity_id IS NULL OR activity IS NULL OR occurred_at IS NULL) AS broken
  FROM processing_activity
  WHERE (activity IS NULL OR activity IN {sql.texts(self.activities)})
    AND (occurred_at IS NULL OR (occurred_at >= {self.scope.start} AND occurred_at < {self.scope.end}))),
placed AS (
  SELECT s.*, CASE WHEN p.countries = 1 AND coalesce(p.valid_from, 0) * {sql.DAY} <= coalesce(s.moment, 0)
                   THEN p.country END AS country, coalesce(p.countries, 0) AS countries, p.shown
  FROM seen AS s LEFT JOIN place AS p ON p.provider = s.provider AND p.region_code = s.region_code),
judged AS (
  SELECT *,
    CASE
      WHEN unprocessed AND NOT broken AND NOT doubtful THEN 'excused'
      WHEN unprocessed OR doubtful THEN 'unknown'
      WHEN subject <> '' AND moment IS NOT NULL AND moment <= {self.scope.as_of}
           AND country NOT IN {sql.texts(self.allowed)}
        THEN {self._consented("moment", "record, request_id, country", "lower(c.scope) = region_code", "broken")}
      WHEN broken OR country IS NULL OR moment > {self.scope.as_of} THEN 'unknown'
      ELSE 'ok' END AS verdict
  FROM placed),
activity AS (
  SELECT subject, record, moment, artefact, CAST(NULL AS BIGINT) AS measure, verdict AS outcome,
    CASE WHEN verdict = 'excused' AND unprocessed THEN outcome
         WHEN countries > 1 THEN '{Reason.CONTRADICTED}'
         WHEN verdict = 'unknown' THEN '{Reason.UNREADABLE_ROWS}'
         ELSE shown END AS why
  FROM judged),
{self._besides(stays)}"""

    def _nameless(self) -> str:
        """Where a consent may name an activity, one without an id may be the one it names."""
        return " OR activity_id IS NULL" if self.unless else ""

    def _consents(self) -> str:
        """Return the consents, where the clause knows of any: engines look each row up even in an empty list."""
        if self.unless is None:
            return ""
        return f"\nconsent AS ({sql.consents(self.unless, self.scope.vendor, self.scope.consent_offices)}),"

    def _consented(self, moment: str, scopes: str, also: str, broken: str, last: str | None = None) -> str:
        """Return the outcome of something outside: excused by a sure consent, open under a doubtful one.

        What lasts from `moment` to `last` needs a consent for all of it. What is `broken` is not excused.
        """
        if self.unless is None:
            return "'violation'"
        named = f"(c.scope IN ({scopes}) OR {also})"
        return (
            f"CASE WHEN EXISTS (SELECT 1 FROM consent AS c WHERE c.sure AND c.granted_at <= {moment} "
            f"AND (c.expires_at IS NULL OR c.expires_at >= {last or moment}) AND {named}) "
            f"THEN CASE WHEN {broken} THEN 'unknown' ELSE 'excused' END "
            f"WHEN EXISTS (SELECT 1 FROM consent AS c WHERE NOT c.sure AND (c.scope IS NULL OR {named})) "
            "THEN 'unknown' ELSE 'violation' END"
        )

    def _besides(self, stays: str) -> str:
        """Add the rows that are no activities; of an unknown one, only a reason code may say why."""
        listed = self._systems(stays) + self._rules()
        if not listed:
            return "coded AS (SELECT * FROM activity)"
        return f"""every AS (SELECT * FROM activity {listed}),
coded AS (
  SELECT subject, record, moment, artefact, measure, outcome,
         CASE WHEN outcome = 'unknown' AND why NOT IN {sql.texts(Reason)} THEN '{Reason.UNREADABLE_ROWS}' ELSE why END
           AS why FROM every)"""

    def _systems(self, stays: str) -> str:
        """Inventoried systems are places too where storage is promised; what is unclear about one is unknown."""
        if not self.stores:
            return ""
        scopes, also = "i.record, a.country", "lower(c.scope) = i.region_code"
        consented = self._consented("i.since", scopes, also, "i.unclear = 1", "i.until")
        return f"""
  UNION ALL
  SELECT '{SYSTEM}', i.record, i.since, i.artefact, CAST(NULL AS BIGINT),
         CASE WHEN i.unclear = 1 THEN 'unknown'
              WHEN a.countries = 1 AND a.country NOT IN {sql.texts(self.allowed)}
                THEN {consented}
              WHEN a.countries = 1 THEN 'ok' ELSE 'unknown' END,
         CASE WHEN i.unclear = 1 THEN '{Reason.UNREADABLE_ROWS}'
              WHEN a.countries = 1 THEN a.country || ' (' || i.region_code || ')'
              WHEN a.countries > 1 THEN '{Reason.CONTRADICTED}' ELSE '{Reason.UNREADABLE_ROWS}' END
  FROM {stays} AS i
  LEFT JOIN anywhere AS a ON a.region_code = i.region_code"""

    def stays(self) -> str:
        """Return a SELECT of what the inventory says: record, region_code, artefact, since, until and unclear.

        `until` is the last instant of the period, as far as it is over, at which the system is said to be there.
        """
        return f"""
SELECT {sql.identity("system_id")} AS record, lower(region_code) AS region_code, min(artefact) AS artefact,
        greatest(coalesce(valid_from, {self.scope.start}), {self.scope.start}) AS since,
        least(coalesce(valid_to, {self.scope.end}), {self.scope.end}, {self.scope.as_of} + 1) - 1 AS until,
        CASE WHEN system_id IS NULL OR in_scope IS NULL OR holds_content IS NULL OR {sql.defective()}
                  OR disagreeing OR valid_from > {self.scope.as_of} OR {sql.VOID} THEN 1 ELSE 0 END AS unclear
FROM (SELECT *, ({_differing("in_scope")} OR {_differing("holds_content")}) AS disagreeing
  FROM system_inventory WHERE {self._listed()}) AS stated
WHERE region_code IS NOT NULL AND coalesce(in_scope, true) AND coalesce(holds_content, true)
GROUP BY 1, 2, 4, 5, 6"""

    def _listed(self) -> str:
        return sql.in_force(self.scope.start, self.scope.end)

    def _rules(self) -> str:
        """Rules are part of a promise about replication only."""
        if self.rules == "ignored" or "replicate" not in self.activities:
            return ""
        return replication_rules.rows(self.scope, self.rules, self.allowed, self._consented)

    def reach(self, query: Query) -> Reach:
        """Return per activity type whether it was observed; processing must also equal the counted requests."""
        tallied = query(
            "SELECT subject, count(*), sum(CASE WHEN outcome IN ('ok', 'violation') THEN 1 ELSE 0 END) "
            "FROM classified GROUP BY subject"
        )
        seen = {r[0]: int(r[1]) for r in tallied}
        placed = {r[0] for r in tallied if r[2]}
        coverage = [
            Coverage(
                subject=a,
                covered=a in placed,
                observed=seen.get(a, 0),
                note="" if a in placed else "no record places this activity",
            )
            for a in self.activities
            if a != "process"
        ]
        gaps = set[Reason]() if set(self.activities) <= placed else {Reason.INCOMPLETE_COVERAGE}
        expected, counted = None, False
        if "process" in self.activities:
            wanted = Expectation(("process",), whole=None, each="requests", by_system=False)
            found = reconcile(query, self.scope, wanted)
            coverage = [*found.coverage, *coverage]
            gaps |= found.gaps
            expected, counted = found.expected, not found.gaps
        gaps |= self._unplaced_systems(query, coverage) | self._subprocessors(query, coverage)
        coverage += replication_rules.unsaid(query) if self.rules is None else []
        if self.rules == "forbidden" and "replicate" in self.activities:
            looked, blind = replication_rules.unseen(seen.get(replication_rules.RULE, 0))
            coverage, gaps = [*coverage, *looked], gaps | blind
        if expected is not None:
            expected += sum(seen.values()) - seen.get("process", 0)
        return Reach(
            coverage=tuple(coverage),
            gaps=frozenset(gaps),
            expected=expected,
            observed=sum(seen.values()),
            assurance=Assurance.CORROBORATED if counted else None,
        )

    def _unplaced_systems(self, query: Query, coverage: list[Coverage]) -> set[Reason]:
        """Where storage is promised, every inventoried system needs a region or an activity that names it."""
        if not self.stores:
            return set()
        placeless = f"""
SELECT system_id, greatest(coalesce(valid_from, {self.scope.start}), {self.scope.start}) AS since,
  least(coalesce(valid_to, {self.scope.end}), {self.scope.end}) AS until
FROM system_inventory WHERE coalesce(in_scope, true) AND coalesce(holds_content, true) AND region_code IS NULL
  AND {self._listed()}"""
        if not query(f"SELECT 1 FROM ({placeless}) AS placeless LIMIT 1"):
            return set()
        unplaced = query(f"""
WITH {places(self.catalogue)},
activity AS (
  SELECT a.resource_id, a.occurred_at FROM processing_activity AS a
  JOIN place AS p ON p.provider = lower(a.provider) AND p.region_code = lower(a.region_code) AND p.countries = 1
  WHERE a.resource_id IS NOT NULL AND a.activity IN {sql.texts(self.activities)}
    AND a.outcome NOT IN {sql.texts(NOT_PROCESSED)} AND NOT ({sql.defective()}))
SELECT DISTINCT i.system_id FROM ({placeless}) AS i
WHERE NOT EXISTS (SELECT 1 FROM activity AS a WHERE a.resource_id = i.system_id
                  AND a.occurred_at >= i.since AND a.occurred_at < i.until)
ORDER BY i.system_id""")
        coverage.extend(
            Coverage(subject=r[0] or "a system without a name", covered=False, note="nothing says where this system is")
            for r in unplaced
        )
        return {Reason.INCOMPLETE_COVERAGE} if unplaced else set()

    def _subprocessors(self, query: Query, coverage: list[Coverage]) -> set[Reason]:
        """A listed subprocessor in another country contradicts the promise without proving a transfer."""
        unread = query(
            "SELECT count(*) FROM subprocessors WHERE name IS NULL OR countries IS NULL OR len(countries) = 0 "
            f"OR listed_at IS NULL OR {sql.defective()}"
        )[0][0]
        listed = query(
            "SELECT DISTINCT name, country FROM (SELECT name, unnest(countries) AS country FROM subprocessors "
            f"WHERE coalesce(effective_at, listed_at, 0) < {self.scope.end}) AS s "
            f"WHERE country NOT IN {sql.texts(self.allowed)} ORDER BY name, country"
        )
        coverage.extend(
            Coverage(
                subject=f"subprocessor {r[0] or 'without a name'}",
                covered=False,
                note=f"listed in {r[1]}, outside the allowed countries",
            )
            for r in listed
        )
        return ({Reason.CONTRADICTED} if listed else set()) | ({Reason.UNREADABLE_ROWS} if unread else set())


def _differing(column: str) -> str:
    """Return whether the rows of a system differ in a column; one that is valid for no time takes no part."""
    told, rows = f"CASE WHEN NOT {sql.VOID} THEN {column} END", "OVER (PARTITION BY system_id)"
    return f"min({told}) {rows} <> max({told}) {rows}"
