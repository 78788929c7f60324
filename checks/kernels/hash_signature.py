"""`hash-signature`: every sealed bundle still verifies under a key from outside, and each follows the one before."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.slot_interval import STATES
from evidence.model import Coverage, Reason

#: Codes with which a verifier says that it could not check, or that its reader wanted a younger bundle, rather than
#: that the bundle is not sound.
NOT_CHECKED = ("NO_TRUST", "NO_VERIFICATION_TIME", "REVOCATION_UNAVAILABLE", "TOO_OLD", "TRUST_UNAVAILABLE")

#: What the schedule calls a run that sealed a bundle.
COMPLETED = (*STATES["done"], *STATES["caught"])

_NEEDED = ("bundle", "run", "period_start", "period_end", "verified_at", "verified")


@dataclass(frozen=True, slots=True)
class BundlesVerify:
    """Judge every bundle of a period that began before this one ended, back to the first.

    One failed verification since the period began breaks the promise; a later success does not undo it. A bundle counts
    only if it was verified since then, under one of `signers`, by the digest of the statement that binds all of it.
    """

    scope: Scope
    signers: tuple[str, ...]

    name = "hash-signature"
    noun = "bundles"
    measure = None

    def classify(self) -> str:
        """Return one row per bundle: ok, violation where its verification failed, or unknown."""
        return f"""
WITH {self._bundles()},
{self._links()},
judged AS (
  SELECT 'bundle' AS subject, record, first_at AS moment, CAST(NULL AS BIGINT) AS measure, artefact,
    CASE WHEN failed IS NOT NULL THEN 'violation' WHEN doubt IS NOT NULL OR link IS NOT NULL THEN 'unknown'
         ELSE 'ok' END AS outcome,
    CASE WHEN failed IS NOT NULL THEN 'verification failed' || failed ELSE coalesce(doubt, link, '') END AS why
  FROM linked)
{sql.worst_per_record("judged")}
"""

    def _bundles(self) -> str:
        """Put together what is known of each bundle; a row that says both yes and why not contradicts itself.

        One that was verified before its period was over reaches nobody knows how far.
        """
        recent = f"(verified_at >= {self.scope.start} AND verified_at <= {self.scope.as_of})"
        unread = f"{sql.defective()} OR {' OR '.join(f'{c} IS NULL' for c in _NEEDED)} OR period_end <= period_start"
        unchecked = f"coalesce(lower(reason) IN {sql.texts(code.lower() for code in NOT_CHECKED)}, false)"
        trusted = f"coalesce({sql.one_of('signer', self.signers)}, false)"
        one = "count(DISTINCT {0}) + max(CASE WHEN {0} IS NULL THEN 1 ELSE 0 END) > 1"
        several = " OR ".join(one.format(c) for c in ("statement", "previous", "period_start", "period_end"))
        return f"""
stated AS (
  SELECT {sql.identity("bundle")} AS record, period_start, period_end, verified_at, verified, reason,
    lower(previous) AS previous, lower(statement_sha256) AS statement, coalesce({unread}, false) AS broken,
    {recent} AS recent, {unchecked} AS unchecked, {trusted} AS trusted, artefact
  FROM bundle_verifications WHERE period_start IS NULL OR period_start < {self.scope.end}),
known AS (
  SELECT record, min(period_start) AS first_at, max(CASE WHEN period_end <= verified_at THEN period_end END) AS until,
    min(statement) AS statement, min(previous) AS previous, min(artefact) AS artefact,
    min(CASE WHEN recent AND NOT verified AND NOT unchecked THEN coalesce(': ' || reason, '') END) AS failed,
    CASE WHEN max(CASE WHEN broken THEN 1 ELSE 0 END) = 1 THEN '{Reason.UNREADABLE_ROWS}'
         WHEN {several} THEN '{Reason.CONTRADICTED}'
         WHEN max(CASE WHEN recent AND verified AND reason IS NOT NULL THEN 1 ELSE 0 END) = 1
           THEN '{Reason.CONTRADICTED}'
         WHEN max(CASE WHEN recent AND (unchecked OR NOT trusted) THEN 1 ELSE 0 END) = 1
           THEN '{Reason.UNTRUSTED_EVIDENCE}'
         WHEN max(CASE WHEN recent AND verified THEN 1 ELSE 0 END) = 0 THEN '{Reason.STALE}'
         WHEN min(statement) IS NULL THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
  FROM stated GROUP BY record)"""

    def _links(self) -> str:
        """Follow each bundle to the one before it, whose period must reach to the start of its own.

        Of two bundles that name each other neither is the one before.
        """
        incomplete = Reason.INCOMPLETE_COVERAGE
        return f"""
before AS (
  SELECT b.record, count(p.record) AS found, max(p.until) AS until
  FROM known AS b LEFT JOIN known AS p ON p.statement = b.previous AND p.record <> b.record AND p.first_at <= b.first_at
    AND (p.previous IS NULL OR p.previous <> b.statement)
  GROUP BY b.record),
fork AS (SELECT previous FROM known WHERE previous IS NOT NULL GROUP BY previous HAVING count(*) > 1),
linked AS (
  SELECT b.*, CASE
    WHEN b.previous IS NULL THEN CASE WHEN (SELECT count(*) FROM known AS o WHERE o.previous IS NULL
      OR o.first_at < b.first_at) > 1 THEN '{incomplete}' END
    WHEN b.previous IN (SELECT previous FROM fork) OR p.found > 1 THEN '{Reason.CONTRADICTED}'
    WHEN p.found = 0 OR p.until IS NULL OR p.until < b.first_at THEN '{incomplete}' END AS link
  FROM known AS b JOIN before AS p ON p.record = b.record)"""

    def reach(self, query: Query) -> Reach:
        """Return whether the chain reaches the period, and whether every bundle of the schedule was verified."""
        until = query(
            "SELECT max(period_end) FROM bundle_verifications "
            f"WHERE period_end <= verified_at AND period_start < {self.scope.end} AND verified_at <= {self.scope.as_of}"
        )[0][0]
        reaches = until is not None and until >= self.scope.start
        note = "" if reaches else "no bundle of the time just before the period"
        coverage = [Coverage(subject="chain", covered=reaches, note=note)]
        gaps = set[Reason]() if reaches else {Reason.INCOMPLETE_COVERAGE}
        scheduled, unseen, broken = self._scheduled(query)
        if scheduled:
            said = f"{unseen} of {scheduled} sealed runs have no verification" if unseen else ""
            coverage.append(
                Coverage(
                    subject="schedule", covered=not unseen, expected=scheduled, observed=scheduled - unseen, note=said
                )
            )
        gaps |= {Reason.INCOMPLETE_COVERAGE} if unseen else set()
        gaps |= {Reason.UNREADABLE_ROWS} if broken else set()
        return Reach(coverage=tuple(coverage), gaps=frozenset(gaps))

    def _scheduled(self, query: Query) -> tuple[int, int, int]:
        """Count the runs that audited before the period's end, those whose bundle nobody verified, and unreadable ones.

        A run is its bundle's by the digest it states or by the window it judged, of which as many bundles must be there
        as runs. One that was completed and states no digest must have a bundle like any other.
        """
        done = f"(bundle_sha256 IS NOT NULL OR lower(trim(status)) IN {sql.texts(COMPLETED)})"
        when = "coalesce(finished_at, scheduled_for)"
        found = query(f"""
WITH run AS (
  SELECT DISTINCT lower(bundle_sha256) AS digest, window_start, window_end,
    CASE WHEN bundle_sha256 IS NULL THEN scheduled_for END AS slot FROM audit_runs
  WHERE {done} AND NOT ({sql.defective()})
    AND coalesce({when} < {self.scope.end} AND {when} <= {self.scope.as_of}, true)),
bundle AS (
  SELECT DISTINCT lower(bundle) AS name, lower(statement_sha256) AS statement, period_start, period_end
  FROM bundle_verifications WHERE bundle IS NOT NULL),
unnamed AS (
  SELECT window_start, window_end, count(*) AS runs FROM run
  WHERE NOT EXISTS (SELECT 1 FROM bundle AS b WHERE b.name = run.digest OR b.statement = run.digest)
  GROUP BY window_start, window_end),
spare AS (
  SELECT period_start, period_end, count(DISTINCT name) AS bundles FROM bundle
  WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.digest = bundle.name OR run.digest = bundle.statement)
  GROUP BY period_start, period_end)
SELECT (SELECT count(*) FROM run),
  (SELECT coalesce(CAST(sum(greatest(u.runs - coalesce(s.bundles, 0), 0)) AS BIGINT), 0) FROM unnamed AS u
   LEFT JOIN spare AS s ON s.period_start = u.window_start AND s.period_end = u.window_end),
  (SELECT count(*) FROM audit_runs WHERE {sql.defective()})""")
        return found[0][0], found[0][1], found[0][2]
