"""`document-valid` for a regime: the agreement or authorisation is in force, and covers every feature that was used."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import CLASSIFIED, Query, Reach, Silence
from checks.kernels.document_valid import DocumentValid
from evidence.model import Coverage, Outcome, Reason

USE = "use"


@dataclass(frozen=True, slots=True)
class CoveredUse:
    """Judge the documents, and each use of a feature by the documents in force on the day it was used.

    A feature is covered when a usable document names it, word for word. While a usable document is in force, a feature
    that no document at all names is used outside it; without one in force, the use is unknown.
    """

    scope: Scope
    document: DocumentValid

    name = "document-valid"
    noun = "documents and uses"
    measure = None
    silences = (Silence(("documents",)),)

    def classify(self) -> str:
        """Return one row per document and one per instant at which a feature was used in the period."""
        columns = ", ".join(CLASSIFIED)
        return f"""
WITH {self.document.ctes()},
{self._uses()},
every AS (SELECT {columns} FROM judged UNION ALL SELECT {columns} FROM weighed_use)
{sql.worst_per_record("every")}
"""

    def _uses(self) -> str:
        """A feature of which nothing was requested was not used."""
        s = self.scope
        named = "list_contains(list_transform(d.services, lambda x: lower(x)), u.feature)"
        day = f"d.first_day * {sql.DAY} <= u.used_at AND (d.last_day + 1) * {sql.DAY} > u.used_at"
        cases = (
            ("u.broken", Outcome.UNKNOWN),
            ("u.requests = 0", Outcome.EXCUSED),
            (f"EXISTS (SELECT 1 FROM trusted AS d WHERE d.usable AND {day} AND {named})", Outcome.OK),
            (f"EXISTS (SELECT 1 FROM trusted AS d WHERE d.services IS NULL OR {named})", Outcome.UNKNOWN),
            ("u.fewest <= 0", Outcome.UNKNOWN),
            (f"EXISTS (SELECT 1 FROM trusted AS d WHERE d.usable AND {day})", Outcome.VIOLATION),
        )
        outcome = " ".join(f"WHEN {condition} THEN '{said}'" for condition, said in cases)
        return f"""
used AS (
  SELECT lower(feature) AS feature, used_at, coalesce(requests, 1) AS requests, fewest, min(artefact) AS artefact,
    ({sql.defective()} OR feature IS NULL OR used_at IS NULL OR coalesce(requests, 1) < 0
     OR used_at > {s.as_of}) AS broken
  FROM (SELECT *, min(coalesce(requests, 1)) OVER (PARTITION BY lower(feature), lower(model), used_at) AS fewest
        FROM feature_usage) AS counted
  WHERE used_at IS NULL OR (used_at >= {s.start} AND used_at < {s.end})
  GROUP BY feature, used_at, requests, fewest, 6),
weighed_use AS (
  SELECT '{USE}' AS subject, coalesce(u.feature, '') || '/' || coalesce(CAST(u.used_at AS VARCHAR), '') AS record,
    u.used_at AS moment, CAST(NULL AS BIGINT) AS measure, u.artefact, u.outcome,
    CASE WHEN u.broken THEN '{Reason.UNREADABLE_ROWS}'
         WHEN u.outcome = 'unknown' THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN u.outcome = 'violation' THEN 'used and not covered: ' || u.feature ELSE '' END AS why
  FROM (SELECT *, CASE {outcome} ELSE 'unknown' END AS outcome FROM used AS u) AS u)"""

    def reach(self, query: Query) -> Reach:
        """Return which days the documents cover, and whether the uses account for every counted request."""
        found = self.document.reach(query)
        missing = self._missing(query)
        note = "no independent meter counts the requests of the whole period" if missing is None else ""
        if missing:
            note = f"{missing} requests fewer than counted"
        return Reach(
            coverage=(*found.coverage, Coverage(subject="feature use", covered=not note, note=note)),
            gaps=found.gaps | (frozenset({Reason.INCOMPLETE_COVERAGE}) if note else frozenset()),
            provisional=found.provisional,
            assurance=found.assurance,
        )

    def _missing(self, query: Query) -> int | None:
        """Return how many requests the uses leave unexplained, interval by interval; None without a whole count.

        One request may use several features, so that more uses than requests are no contradiction. Of several counts
        of one use the least is proven; a use without its model may be any of its instant.
        """
        s = self.scope
        series = query(f"""
WITH total AS (
  SELECT DISTINCT meter, period_start, period_end, value FROM usage_totals
  WHERE metric = 'requests' AND system_id IS NULL AND meter IS NOT NULL AND value >= 0 AND NOT ({sql.defective()})
    AND period_end > period_start AND period_start >= {s.start} AND period_end <= {s.end}
    AND NOT {sql.dependent_meter(s.excluded_meters)}),
told AS (
  SELECT lower(feature) AS feature, used_at, coalesce(requests, 1) AS requests, CASE WHEN count(*) OVER one_use
      = count(model) OVER one_use THEN lower(model) END AS model
  FROM feature_usage WINDOW one_use AS (PARTITION BY lower(feature), used_at)),
used AS (SELECT feature, model, used_at, min(requests) AS requests FROM told GROUP BY feature, model, used_at),
counted AS (
  SELECT t.meter, t.period_start, t.period_end, t.value, coalesce(sum(u.requests), 0) AS seen,
         max(t.period_end) OVER (PARTITION BY t.meter ORDER BY t.period_start, t.period_end, t.value
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
  FROM total AS t LEFT JOIN used AS u ON u.used_at >= t.period_start AND u.used_at < t.period_end
  GROUP BY t.meter, t.period_start, t.period_end, t.value)
SELECT meter, min(period_start) = {s.start} AND max(period_end) = {s.end}
       AND bool_and(coalesce(period_start <= reached, true)), CAST(sum(greatest(value - seen, 0)) AS BIGINT)
FROM counted GROUP BY meter ORDER BY meter""")
        if not any(r[1] for r in series):
            return None
        return max(int(r[2]) for r in series)
