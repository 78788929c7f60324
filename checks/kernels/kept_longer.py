"""Records kept beyond a retention limit, and the consents that may allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels.consent_precedes import consents
from checks.kernels.max_age import MaxAge
from evidence.model import Reason


@dataclass(frozen=True, slots=True)
class KeptLonger:
    """The records that the max-age kernel finds over its limit; their ages and their counting are its own.

    A record's claim, its `consent_id` for a class of content, leads to one consent; without a claim any that names it
    may do, as for the limit itself. A class with two claims, or one that cannot be read, is not judged. A
    consent that ended while the record may still have been there allows nothing, and is no proof against it.
    """

    scope: Scope
    ages: MaxAge
    purpose: str

    noun = "records"

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return what the ages rest on."""
        return self.ages.silences

    def events(self) -> str:
        """Return one row per record and class of content, each of which was captured and went at its own time.

        Those within the limit carry no weight here, and none at all where another class of the record is over it.
        """
        return f"""
WITH {self.ages.lives()},
{self.ages.judgement()},
age AS (SELECT *, bool_or(outcome = 'violation') OVER (PARTITION BY subject, record) AS over_limit FROM coded),
claim AS (
  SELECT coalesce(system_id, '') AS subject, {sql.identity("record_id")} AS record, coalesce(content_class, '') AS held,
    max(consent_id) AS link, count(DISTINCT consent_id) AS links,
    bool_or(record_id IS NULL OR {sql.defect_in("consent_id")}) AS unread
  FROM data_lifecycle GROUP BY 1, 2, 3)
SELECT a.subject, a.record, a.moment, a.moment + a.measure AS until, a.ended, c.link, a.artefact,
  CASE a.outcome WHEN 'violation' THEN 'judged' WHEN 'ok' THEN 'excused' ELSE a.outcome END AS state,
  CASE WHEN c.links > 1 THEN '{Reason.CONTRADICTED}' WHEN a.outcome <> 'violation' THEN a.why
       WHEN a.broken = 0 AND a.ended > a.moment + a.measure THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt,
  (c.links > 1 OR a.broken = 1) AS broken, (c.links <= 1 AND NOT c.unread) AS provable
FROM age AS a
JOIN claim AS c ON c.subject = a.subject AND c.record = a.record AND c.held = coalesce(a.content_class, '')
WHERE NOT (a.over_limit AND a.outcome = 'ok')"""

    def permissions(self) -> str:
        """Return the consents for the purpose."""
        return consents(self.purpose, self.scope.vendor, self.scope.consent_offices)

    def scope_fits(self) -> str:
        """Return the condition that the consent names the system or the record."""
        return "(p.scope IN (e.subject, e.record, e.subject || '/' || e.record))"

    def needs_register(self) -> str:
        """Return that a claimed consent cannot be judged without any register."""
        return "e.link IS NOT NULL"

    def reach(self, query: Query) -> Reach:
        """Return the reach of the ages; complete evidence without a record over the limit exercises nothing."""

        def by_age(statement: str) -> Sequence[tuple[Any, ...]]:
            """Records within the limit and records kept with consent are both evidence that was read to its end."""
            seen = "CASE WHEN outcome = 'excused' THEN 'ok' ELSE outcome END AS outcome"
            columns = f"subject, record, moment, {seen}, why, measure, artefact"
            return query(sql.after(f"classified AS (SELECT {columns} FROM classified)", statement))

        found = self.ages.reach(by_age)
        return replace(found, not_exercised=not found.gaps and not found.provisional)
