"""`max-age` with no age at all: the setting that keeps nothing was on, nothing was kept, nothing used that keeps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from checks import sql
from checks.commitment import Scope
from checks.feature_eligibility import keeping_models, listed
from checks.kernel import CLASSIFIED, Query, Reach, Silence
from checks.kernels.document_valid import DocumentValid
from checks.kernels.interval_gap import stretches
from checks.kernels.max_age import MaxAge
from checks.kernels.signal_fusion import OFF, ON
from checks.kernels.silence import attestations
from checks.terms import Duration
from evidence.errors import LimitExceeded
from evidence.model import Assurance, Coverage, Reason

#: What a setting's value says: content is not kept, or it is. Any other value of these settings says neither.
KEEPS = {
    **{(name, value): "no" for name in ("zdr", "zero_data_retention") for value in ON},
    **{(name, value): "yes" for name in ("zdr", "zero_data_retention") for value in OFF},
    ("data_retention", "zero_data_retention"): "no",
    ("data_retention", "modified_abuse_monitoring"): "yes",
    ("data_retention", "default"): "yes",
    ("data_retention_mode", "none"): "no",
    ("data_retention_mode", "default"): "yes",
    ("data_retention_mode", "provider_data_share"): "yes",
    ("data_retention_mode", "aws_review"): "yes",
}
NOTHING = Duration("0s")
#: A meter, from and until when it counted in microseconds, how many requests, and whether they are one system's only.
Total: TypeAlias = tuple[str, int, int, int, bool]
#: Totals of one meter's requests that one audit looks at.
MAX_TOTALS = 50_000


@dataclass(frozen=True, slots=True)
class RetentionMode:
    """Judge zero retention by setting snapshots, feature use and stored records, beside the vendor's attestation.

    No scan sees the vendor's own logs and backups, so the attestation is needed and the answer is worth no more than
    it. Between two snapshots at most `every` apart the setting counts as what both say. Features that the contract
    accepts by name are excused.
    """

    scope: Scope
    scopes: tuple[str, ...]
    every: Duration
    content: tuple[str, ...]
    eligibility: str
    accepted: tuple[str, ...]
    attestation: DocumentValid

    name = "max-age"
    noun = "signals"
    silences = (Silence(("system_inventory",), "why = 'content was stored'"),)
    measure = None

    def classify(self) -> str:
        """Return the rows of every leg: snapshots, gaps between them, feature use, stored records, attestations."""
        columns = ", ".join(CLASSIFIED)
        kept = MaxAge(self.scope, NOTHING, self.content, (), None)
        return f"""
WITH {listed(self.scope.catalogues.features, self.eligibility)},
{self._snapshots()},
{stretches(self.scope.start, self.scope.end, self.every.microseconds)},
{self._settings()},
{self._features()},
leg AS (
  SELECT {columns} FROM setting UNION ALL SELECT {columns} FROM unseen UNION ALL SELECT {columns} FROM feature
  UNION ALL
  SELECT 'record/' || subject, record, moment, outcome,
         CASE WHEN outcome = 'violation' THEN 'content was stored' ELSE why END, CAST(NULL AS BIGINT), artefact
  FROM ({kept.classify()}) AS stored
  UNION ALL
  SELECT {columns} FROM (WITH {self.attestation.ctes()} SELECT {columns} FROM judged) AS attested)
{sql.worst_per_record("leg")}
"""

    def _snapshots(self) -> str:
        s, every = self.scope, self.every.microseconds
        meaning = [(sql.text(n), sql.text(v), sql.text(k)) for (n, v), k in sorted(KEEPS.items())]
        named = ", ".join(f"({sql.text(n)})" for n in sorted(set(self.scopes)))
        known = sql.texts(n for n, _ in KEEPS)
        return f"""
{sql.rows("meaning", ("setting", "value", "keeps"), meaning)},
snapshot AS (
  SELECT coalesce(nullif(trim(s.scope), ''), '') AS place, lower(trim(s.setting)) AS setting, s.captured_at,
         lower(trim(s.value)) AS value, m.keeps, min(s.artefact) AS artefact,
         coalesce(CAST(s.captured_at AS VARCHAR), s.artefact || '#' || CAST(s.row AS VARCHAR)) AS record,
         (coalesce(len(s.defects), 0) > 0 OR coalesce(trim(s.scope), '') = '' OR coalesce(trim(s.setting), '') = ''
          OR s.captured_at IS NULL OR s.captured_at > {s.as_of}) AS broken
  FROM settings AS s LEFT JOIN meaning AS m ON m.setting = lower(trim(s.setting)) AND m.value = lower(trim(s.value))
  WHERE coalesce(nullif(lower(trim(s.setting)), ''), 'zdr') IN {known} GROUP BY 1, 2, 3, 4, 5, 7, 8),
place AS (SELECT subject FROM (VALUES {named}) AS named(subject)),
point AS (
  SELECT place AS subject, CAST(captured_at AS VARCHAR) AS record, captured_at AS met_at,
         captured_at + {every} AS due, min(artefact) AS artefact
  FROM snapshot WHERE NOT broken AND keeps IS NOT NULL AND place IN (SELECT subject FROM place)
  GROUP BY place, captured_at),
edge AS (
  SELECT subject, {s.start} AS opening, {s.start + every} AS opening_due, {min(s.end, s.as_of)} AS closing,
         '' AS artefact FROM place),
doubt AS (SELECT subject, subject AS why, {s.start} AS low, {s.start} AS high FROM place WHERE 1 = 0)"""

    def _settings(self) -> str:
        """Each snapshot of the period, and every stretch in which nobody looked often enough."""
        s = self.scope
        return f"""
setting AS (
  SELECT 'setting' AS subject, place || '/' || coalesce(setting, '') || '/' || record AS record, captured_at AS moment,
    outcome, CASE outcome WHEN 'ok' THEN '' WHEN 'violation' THEN setting || ' = ' || value || ' for ' || place
                          ELSE CASE WHEN broken OR keeps IS NULL THEN '{Reason.UNREADABLE_ROWS}'
                                    ELSE '{Reason.INCOMPLETE_COVERAGE}' END END AS why,
    CAST(NULL AS BIGINT) AS measure, artefact
  FROM (
    SELECT *, CASE WHEN broken OR keeps IS NULL THEN 'unknown' WHEN keeps = 'no' THEN 'ok'
                   WHEN place IN (SELECT subject FROM place) THEN 'violation' ELSE 'unknown' END AS outcome
    FROM snapshot WHERE captured_at IS NULL OR (captured_at >= {s.start} AND captured_at < {s.end})) AS ruled),
was_off AS (SELECT place, captured_at FROM snapshot WHERE keeps = 'yes'),
unseen AS (
  SELECT 'snapshots' AS subject, t.subject || '/' || t.record AS record, t.met_at AS moment, 'unknown' AS outcome,
         '{Reason.INCOMPLETE_COVERAGE}' AS why, CAST(NULL AS BIGINT) AS measure, t.artefact
  FROM stretch AS t LEFT JOIN was_off AS w ON w.place = t.subject
    AND ((w.captured_at = t.met_at AND t.met_at < {s.start}) OR (w.captured_at = t.ends AND t.ends >= {s.end}))
  WHERE t.late OR w.place IS NOT NULL)"""

    def _features(self) -> str:
        """Each use of a feature; one that nobody used and one that the contract accepts are excused."""
        s = self.scope
        return f"""
{keeping_models(s.catalogues.features, self.eligibility)},
used AS (
  SELECT lower(trim(feature)) AS name, lower(trim(model)) AS model, used_at, requests, min(artefact) AS artefact,
         coalesce(CAST(used_at AS VARCHAR), artefact || '#' || CAST(row AS VARCHAR)) AS record,
         ({sql.defective()} OR coalesce(trim(feature), '') = '' OR used_at IS NULL
          OR used_at > {s.as_of} OR requests < 0) AS broken
  FROM feature_usage GROUP BY 1, 2, 3, 4, 6, 7),
kept AS (SELECT u.model FROM used AS u JOIN keeping AS k ON contains(u.model, k.part)),
feature AS (
  SELECT 'feature' AS subject, record, used_at AS moment, CAST(NULL AS BIGINT) AS measure, artefact, outcome,
    CASE outcome WHEN 'violation' THEN 'not eligible: ' || name || because
                 WHEN 'unknown' THEN CASE WHEN broken THEN '{Reason.UNREADABLE_ROWS}'
                                          ELSE '{Reason.INCOMPLETE_COVERAGE}' END ELSE '' END AS why
  FROM (
    SELECT u.*, coalesce(', ' || nullif(e.because, ''), '') AS because,
      CASE WHEN u.broken THEN 'unknown' WHEN u.requests = 0 OR u.name IN {sql.texts(self._accepted())} THEN 'excused'
           WHEN e.eligible = 'no' THEN 'violation'
           WHEN e.eligible = 'yes' AND coalesce(u.model, '') NOT IN (SELECT model FROM kept)
                AND (e.entry = 'no' OR coalesce(u.model, '') <> '') THEN 'ok' ELSE 'unknown' END AS outcome
    FROM (SELECT name, model, used_at, requests, artefact, broken,
            coalesce(name, '') || '/' || coalesce(model, '') || '/' || record AS record FROM used
          WHERE used_at IS NULL OR (used_at >= {s.start} AND used_at < {s.end})) AS u
    LEFT JOIN eligibility AS e ON e.name = u.name) AS ruled)"""

    def _accepted(self) -> tuple[str, ...]:
        return tuple(a.casefold() for a in self.accepted)

    def reach(self, query: Query) -> Reach:
        """Return whether attestation, snapshots and feature use reach across the period."""
        attested = self.attestation.reach(query)
        blind = {r[0] for r in query("SELECT record FROM classified WHERE subject = 'snapshots'")}
        places = tuple(
            Coverage(
                subject=f"setting of {place}",
                covered=not any(b.startswith(f"{place}/") for b in blind),
                note="snapshots are too far apart" if any(b.startswith(f"{place}/") for b in blind) else "",
            )
            for place in sorted(set(self.scopes))
        )
        used, gaps = self._usage(query)
        gaps |= attested.gaps | ({Reason.CONTRADICTED} if self._counted_records(query) else set())
        return Reach(
            coverage=(*attested.coverage, *places, used),
            gaps=frozenset(gaps),
            provisional=attested.provisional,
            assurance=Assurance.ATTESTED,
            contradicting=attestations(query, self.attestation.kind),
        )

    def _usage(self, query: Query) -> tuple[Coverage, set[Reason]]:
        """Return whether feature use explains every request that an independent meter counted, interval by interval.

        What a meter counted for one system must be explained as well, the most of them, as a request may pass several;
        but only a meter of all requests spans the period.
        """
        counted, gaps = self._totals(query)
        seen = self._uses(query, counted)
        missing = sum(max(0, t[3] - seen.get((t[1], t[2]), 0)) for t in counted)
        totals = [t for t in counted if not t[4]]
        spanning = [m for m in {t[0] for t in totals} if self._spans([t for t in totals if t[0] == m])]
        note = f"{missing} requests fewer than counted" if missing else ""
        if not spanning:
            note = note or "no meter counts the requests of the whole period"
        expected = max((sum(t[3] for t in totals if t[0] == m) for m in spanning), default=None)
        if note:
            gaps.add(Reason.INCOMPLETE_COVERAGE)
        return Coverage(subject="feature use", covered=not note, expected=expected, note=note), gaps

    def _uses(self, query: Query, totals: list[Total]) -> dict[tuple[int, int], int]:
        """Return how many requests the uses of entry features add up to in each total's interval."""
        spans = sql.rows("span", ("low", "high"), sorted({(str(t[1]), str(t[2])) for t in totals}))
        if not totals:
            return {}
        eligibility = listed(self.scope.catalogues.features, self.eligibility)
        counted = query(
            f"WITH {eligibility}, {spans}, used AS (SELECT DISTINCT lower(trim(feature)) AS name, "
            "model, used_at, coalesce(requests, 1) AS requests FROM feature_usage) "
            "SELECT s.low, s.high, CAST(sum(u.requests) AS BIGINT) FROM span AS s "
            "JOIN used AS u ON u.used_at >= s.low AND u.used_at < s.high "
            "JOIN eligibility AS e ON e.name = u.name AND e.entry = 'yes' GROUP BY s.low, s.high"
        )
        return {(r[0], r[1]): r[2] for r in counted}

    def _totals(self, query: Query) -> tuple[list[Total], set[Reason]]:
        s = self.scope
        outside = "SELECT system_id FROM system_inventory WHERE NOT in_scope AND system_id IS NOT NULL"
        found = query(
            "SELECT meter, period_start, period_end, max(value), broken, own, partly FROM ("
            "SELECT meter, period_start, period_end, value, CASE WHEN system_id IS NULL THEN value END AS each, "
            f"({sql.defective()} OR coalesce(trim(meter), '') = '' OR metric IS NULL OR period_start IS NULL "
            "OR period_end IS NULL OR value IS NULL OR value < 0 OR period_end <= period_start) AS broken, "
            f"{sql.dependent_meter(s.excluded_meters)} AS own, system_id IS NOT NULL AS partly "
            "FROM usage_totals WHERE coalesce(metric, 'requests') = 'requests' "
            f"AND (system_id IS NULL OR system_id NOT IN ({outside})) "
            f"AND coalesce(period_start, {s.start}) < {s.end} AND coalesce(period_end, {s.end}) > {s.start}"
            ") AS stated GROUP BY meter, period_start, period_end, each, broken, own, partly "
            f"LIMIT {MAX_TOTALS + 1}"
        )
        if len(found) > MAX_TOTALS:
            raise LimitExceeded(f"usage_totals: more than {MAX_TOTALS} totals for one period; send coarser totals")
        whole = [(r[0], r[1], r[2], r[3], r[6]) for r in found if not r[4] and not r[5]]
        inside = [t for t in whole if t[1] >= s.start and t[2] <= s.end]
        return inside, {Reason.UNREADABLE_ROWS} if any(r[4] for r in found) else set()

    def _spans(self, totals: list[Total]) -> bool:
        ordered = sorted((t[1], t[2]) for t in totals)
        joined = all(a[1] == b[0] for a, b in pairwise(ordered))
        return joined and ordered[0][0] == self.scope.start and ordered[-1][1] == self.scope.end

    def _counted_records(self, query: Query) -> bool:
        """A meter that counted stored records speaks against zero retention without showing one."""
        s = self.scope
        return bool(
            query(
                "SELECT count(*) FROM usage_totals WHERE metric = 'records' AND value > 0 "
                f"AND period_start < {s.end} AND period_end > {s.start}"
            )[0][0]
        )
