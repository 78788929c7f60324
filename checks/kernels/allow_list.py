"""`set-membership`: everything observed is on the contract's list, and everything inventoried was observed throughout.

The located special case, with its catalogue of regions, is `set_membership`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.terms import Duration
from evidence.errors import LimitExceeded
from evidence.model import Assurance, Coverage, Reason

#: Objects whose observation one audit follows.
MAX_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Demand:
    """What the evidence must hold besides: `holds` is a SELECT of one number, and zero is a gap."""

    subject: str
    holds: str
    reason: Reason
    note: str


class Observations(Protocol):
    """What was observed, on what it had to be observed, and what else must be there."""

    @property
    def noun(self) -> str:
        """Return what the observations are called, in the plural."""

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return which rows would not be outside if more had been heard."""

    def rows(self) -> str:
        """Return a SELECT of subject, record, moment, artefact, outside, inside, excused, broken, why, doubt.

        `outside` is true only where the row by itself proves a value that is not on the list; `why` says which.
        Anything that is not certainly `inside` and whole is unknown, for the reason in `doubt`.
        """

    def members(self) -> str:
        """Return a SELECT of subject, low, high: what must be observed, from `low` until before `high`."""

    def demands(self) -> tuple[Demand, ...]:
        """Return what else must be there."""

    def reach(self, query: Query) -> Reach:
        """Return further reach, such as a reconciled count."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """Judge observations of the period; a snapshot proves a violation, only an unbroken series of them compliance.

    `every` is the longest time that may lie between two observations of one object, between the beginning and the
    first, and between the last and the end; that time itself is allowed. None where no object is followed in time.
    """

    scope: Scope
    observed: Observations
    every: Duration | None

    name = "set-membership"
    measure = None

    @property
    def noun(self) -> str:
        """Return what the observations are called."""
        return self.observed.noun

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return those of the observations."""
        return self.observed.silences

    def classify(self) -> str:
        """Return one row per observation of the period."""
        believed = f"moment <= {self.scope.as_of}"
        certain = f"{believed} AND NOT broken"
        return f"""
WITH observed AS (
  SELECT * FROM ({self.observed.rows()}) AS everything
  WHERE moment IS NULL OR (moment >= {self.scope.start} AND moment < {self.scope.end})),
weighed AS (
  SELECT subject, record, moment, artefact, why AS shown, doubt,
    CASE WHEN outside AND {believed} THEN 'violation' WHEN excused AND {certain} THEN 'excused'
         WHEN inside AND {certain} THEN 'ok' ELSE 'unknown' END AS outcome
  FROM observed),
coded AS (
  SELECT subject, record, moment, outcome,
    CASE WHEN outcome = 'unknown' THEN coalesce(doubt, '{Reason.UNREADABLE_ROWS}') ELSE coalesce(shown, '') END AS why,
    CAST(NULL AS BIGINT) AS measure, artefact FROM weighed)
{sql.worst_per_record("coded")}
"""

    def reach(self, query: Query) -> Reach:
        """Return per object whether it was observed throughout, and what is missing besides."""
        further = self.observed.reach(query)
        coverage, gaps = list(further.coverage), set(further.gaps)
        if self.every is not None:
            followed = self._followed(query, self.every)
            coverage += followed
            if not followed or any(not c.covered for c in followed):
                gaps.add(Reason.INCOMPLETE_COVERAGE)
        for demand in self.observed.demands():
            if not query(demand.holds)[0][0]:
                coverage.append(Coverage(subject=demand.subject, covered=False, note=demand.note))
                gaps.add(demand.reason)
        return Reach(
            coverage=tuple(coverage),
            gaps=frozenset(gaps),
            expected=further.expected,
            observed=further.observed,
            not_exercised=further.not_exercised and not gaps,
            assurance=further.assurance,
            contradicting=further.contradicting,
        )

    def _followed(self, query: Query, every: Duration) -> list[Coverage]:
        found = query(f"""
WITH member AS ({self.observed.members()}),
sight AS (SELECT subject, moment FROM classified WHERE outcome IN ('ok', 'violation') GROUP BY subject, moment),
step AS (
  SELECT m.subject, m.low, m.high, s.moment,
    s.moment - lag(s.moment) OVER (PARTITION BY m.subject, m.low, m.high ORDER BY s.moment) AS gap
  FROM member AS m LEFT JOIN sight AS s ON s.subject = m.subject AND s.moment >= m.low AND s.moment < m.high)
SELECT subject, count(moment), greatest(min(moment) - low, high - max(moment), coalesce(max(gap), 0))
FROM step GROUP BY subject, low, high ORDER BY subject, low, high LIMIT {MAX_MEMBERS + 1}""")
        if len(found) > MAX_MEMBERS:
            raise LimitExceeded(f"more than {MAX_MEMBERS} objects must be observed for one clause; split the clause")
        return [_follow(str(r[0]), int(r[1]), r[2], every) for r in found]


def _follow(subject: str, seen: int, longest: int | None, every: Duration) -> Coverage:
    note = "" if longest is not None and longest <= every.microseconds else f"unobserved for longer than {every.text}"
    if not seen:
        note = "never observed"
    return Coverage(subject=subject, covered=not note, observed=seen, note=note)


def nothing_further(assurance: Assurance | None = None) -> Reach:
    """Return the reach of observations that need no other evidence than their own."""
    return Reach(assurance=assurance)
