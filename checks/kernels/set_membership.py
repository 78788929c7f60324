"""`set-membership`: everything observed lies inside an allow-list, and everything was observed."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.reconcile import Expectation, reconcile
from checks.regions import Region
from evidence.model import Assurance, Coverage, Reason

#: Attempts that never ran: nothing was processed anywhere, so they have no place to judge.
NOT_PROCESSED = ("blocked", "denied", "throttled")
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Located:
    """Where activities happened, by an exact catalogue of region codes; an unknown code is never a member.

    The shipped catalogue may be extended by evidence but not contradicted: a code with two countries is unknown.
    """

    scope: Scope
    allowed: tuple[str, ...]
    activities: tuple[str, ...]
    unless: str | None
    catalogue: tuple[Region, ...]

    name = "set-membership"
    noun = "activities"
    measure = None

    def classify(self) -> str:
        """Return one row per activity of the promised types in the period, and one per inventoried system's region."""
        return f"""
WITH {self._catalogue()},
{self._consents()},
seen AS (
  SELECT coalesce(activity, '') AS subject, {sql.identity("activity_id")} AS record, occurred_at AS moment,
         lower(provider) AS provider, region_code, outcome, artefact,
         coalesce(input_tokens, 0) + coalesce(output_tokens, 0) AS tokens, request_id,
         ({sql.defective()} OR activity_id IS NULL OR activity IS NULL OR occurred_at IS NULL) AS broken
  FROM processing_activity
  WHERE (activity IS NULL OR activity IN {sql.texts(self.activities)})
    AND (occurred_at IS NULL OR (occurred_at >= {self.scope.start} AND occurred_at < {self.scope.end}))),
placed AS (
  SELECT s.*, CASE WHEN p.countries = 1 AND coalesce(p.valid_from, 0) * {sql.DAY} <= coalesce(s.moment, 0)
                   THEN p.country END AS country, coalesce(p.countries, 0) AS countries
  FROM seen AS s LEFT JOIN place AS p ON p.provider = s.provider AND p.region_code = s.region_code),
judged AS (
  SELECT subject, record, moment, artefact, CAST(NULL AS BIGINT) AS measure,
    CASE
      WHEN outcome IN {sql.texts(NOT_PROCESSED)} AND tokens = 0 AND NOT broken THEN 'excused'
      WHEN subject <> '' AND moment IS NOT NULL AND moment <= {self.scope.as_of}
           AND country NOT IN {sql.texts(self.allowed)}
        THEN CASE WHEN EXISTS (SELECT 1 FROM consent AS c WHERE c.granted_at <= moment
                               AND (c.expires_at IS NULL OR c.expires_at >= moment)
                               AND c.scope IN (record, request_id, region_code, country))
                  THEN 'excused' ELSE 'violation' END
      WHEN broken OR country IS NULL OR moment > {self.scope.as_of} THEN 'unknown'
      ELSE 'ok' END AS outcome,
    CASE WHEN outcome IN {sql.texts(NOT_PROCESSED)} AND tokens = 0 AND NOT broken THEN outcome
         WHEN countries > 1 THEN '{Reason.CONTRADICTED}'
         WHEN country IS NULL OR broken OR moment > {self.scope.as_of} THEN '{Reason.UNREADABLE_ROWS}'
         ELSE country || ' (' || region_code || ')' END AS why
  FROM placed
  UNION ALL {self._systems()})
{sql.worst_per_record("judged")}
"""

    def _catalogue(self) -> str:
        shipped = sql.rows(
            "shipped",
            ("provider", "region_code", "country", "valid_from"),
            [
                (
                    sql.text(r.provider),
                    sql.text(r.code),
                    sql.text(r.country),
                    "NULL" if r.valid_from is None else str(r.valid_from),
                )
                for r in self.catalogue
            ],
        )
        return f"""{shipped},
place AS (
  SELECT provider, region_code, min(country) AS country, count(DISTINCT country) AS countries,
         CAST(max(valid_from) AS BIGINT) AS valid_from
  FROM (SELECT provider, region_code, country, CAST(valid_from AS INTEGER) AS valid_from FROM shipped UNION ALL
        SELECT lower(provider), region_code, country, valid_from FROM region_catalogue
        WHERE provider IS NOT NULL AND region_code IS NOT NULL AND country IS NOT NULL AND NOT ({sql.defective()})
       ) AS known
  GROUP BY provider, region_code),
anywhere AS (
  SELECT region_code, min(country) AS country, count(DISTINCT country) AS countries FROM place GROUP BY region_code)"""

    def _consents(self) -> str:
        if self.unless is None:
            return "consent AS (SELECT consent_id, scope, granted_at, expires_at FROM consents WHERE 1 = 0)"
        return f"consent AS ({sql.valid_consents(self.unless, self.scope.vendor, self.scope.consent_offices)})"

    def _systems(self) -> str:
        return f"""
  SELECT '{SYSTEM}', i.system_id, {self.scope.start}, i.artefact, CAST(NULL AS BIGINT),
         CASE WHEN a.countries = 1 AND a.country NOT IN {sql.texts(self.allowed)} THEN 'violation'
              WHEN a.countries = 1 AND a.country IN {sql.texts(self.allowed)} THEN 'ok' ELSE 'unknown' END,
         CASE WHEN a.countries = 1 THEN a.country || ' (' || i.region_code || ')'
              WHEN a.countries > 1 THEN '{Reason.CONTRADICTED}' ELSE '{Reason.UNREADABLE_ROWS}' END
  FROM (SELECT DISTINCT system_id, region_code, artefact FROM system_inventory
        WHERE system_id IS NOT NULL AND region_code IS NOT NULL
          AND coalesce(in_scope, true) AND coalesce(holds_content, true)
          AND coalesce(valid_from, {self.scope.start}) < {self.scope.end}
          AND coalesce(valid_to, {self.scope.end}) > {self.scope.start}) AS i
  LEFT JOIN anywhere AS a ON a.region_code = i.region_code"""

    def reach(self, query: Query) -> Reach:
        """Return per activity type whether it was observed; processing must also equal the counted requests."""
        seen = {r[0]: r[1] for r in query("SELECT subject, count(*) FROM classified GROUP BY subject")}
        gaps = {Reason.INCOMPLETE_COVERAGE} if any(not seen.get(a) for a in self.activities) else set[Reason]()
        coverage = [
            Coverage(
                subject=a,
                covered=bool(seen.get(a)),
                observed=seen.get(a, 0),
                note="" if seen.get(a) else "no record of this activity",
            )
            for a in self.activities
            if a != "process"
        ]
        expected, counted = None, False
        if "process" in self.activities:
            found = reconcile(
                query, self.scope, Expectation(("process",), whole=None, each="requests", by_system=False)
            )
            coverage = [*found.coverage, *coverage]
            gaps |= found.gaps
            expected, counted = found.expected, not found.gaps
        gaps |= self._unseen_systems(query, coverage) | self._subprocessors(query, coverage)
        if expected is not None:
            expected += sum(seen.values()) - seen.get("process", 0)
        return Reach(
            coverage=tuple(coverage),
            gaps=frozenset(gaps),
            expected=expected,
            observed=sum(seen.values()),
            assurance=Assurance.CORROBORATED if counted else None,
        )

    def _unseen_systems(self, query: Query, coverage: list[Coverage]) -> set[Reason]:
        """Where activities name inventoried systems, every inventoried system must appear."""
        unseen = query(
            "WITH held AS (SELECT DISTINCT system_id FROM system_inventory WHERE system_id IS NOT NULL "
            "AND coalesce(in_scope, true) AND coalesce(holds_content, true) AND region_code IS NULL), "
            "named AS (SELECT DISTINCT resource_id FROM processing_activity "
            f"WHERE occurred_at >= {self.scope.start} AND occurred_at < {self.scope.end}) "
            "SELECT system_id FROM held WHERE system_id NOT IN (SELECT resource_id FROM named "
            "WHERE resource_id IS NOT NULL) AND EXISTS (SELECT 1 FROM held AS h, named AS n "
            "WHERE h.system_id = n.resource_id) ORDER BY system_id"
        )
        coverage.extend(
            Coverage(subject=r[0], covered=False, note="this system's place was not observed") for r in unseen
        )
        return {Reason.INCOMPLETE_COVERAGE} if unseen else set()

    def _subprocessors(self, query: Query, coverage: list[Coverage]) -> set[Reason]:
        """A listed subprocessor in another country contradicts the promise without proving a transfer."""
        listed = query(
            "SELECT DISTINCT name, country FROM (SELECT name, unnest(countries) AS country FROM subprocessors "
            f"WHERE coalesce(effective_at, listed_at) < {self.scope.end}) AS s "
            f"WHERE country NOT IN {sql.texts(self.allowed)} ORDER BY name, country"
        )
        coverage.extend(
            Coverage(
                subject=f"subprocessor {r[0]}", covered=False, note=f"listed in {r[1]}, outside the allowed countries"
            )
            for r in listed
        )
        return {Reason.CONTRADICTED} if listed else set()
