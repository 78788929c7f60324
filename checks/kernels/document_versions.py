"""The documents that a promise is about, each version once: what makes two accounts of one document differ."""

from __future__ import annotations

from checks import sql
from checks.commitment import Scope
from checks.kernels.document_texts import TRUSTED, unstated

#: A day after every day, in days since 1970.
FAR = 1_000_000
#: What is said of a document besides whose it is and where it came from; two accounts that differ here are versions.
_SAID = (
    "main, services, report_type, edition, criteria, opinion, issued_on, status, status_checked_at, "
    "accreditation_body, surveillance_audit_on, assertions, exceptions, carve_outs, issuer, sound, starts, ends, "
    "period_start, period_end, broken"
)


def stated(scope: Scope, kind: str, bridge_kind: str | None, covers: tuple[str, str], *, endless: bool) -> str:
    """Return the CTE `stated`: the holder's documents of these kinds known at `as_of`, each version once.

    A document that does not say of which kind it is or whose it is may be one of them, and stays in; so is one
    whose holder only bears the vendor's name under another legal form, and it is not sound. One that is elsewhere
    said to be of another kind or holder is in two versions, and so is one of which any file's very bytes are said to
    cover other days, be it as somebody else's. Days that end before they begin are none. `endless` says that a document
    without a last day lasts.
    """
    kinds = sql.one_of("kind", [k for k in (kind, bridge_kind) if k])
    first, last = covers
    main, holder = sql.same("kind", kind), sql.same("holder_entity", scope.vendor)
    until = f"least(CASE WHEN {main} THEN {last} ELSE period_end END, coalesce(expires_on, {FAR}))"
    asked = f"""coalesce(kind IS NULL OR {kinds}, false)
      AND coalesce(holder_entity IS NULL OR {holder} OR {sql.spelt_like("holder_entity", scope.vendor)}, false)"""
    known = f"(received_at IS NULL OR received_at <= {scope.as_of})"
    return f"""
elsewhere AS (
  SELECT document_id AS other FROM documents WHERE document_id IS NOT NULL AND {known} AND NOT ({asked}) GROUP BY 1),
account AS (
  SELECT {sql.identity("document_id")} AS record, coalesce({main}, false) AS main, services, report_type,
    edition, criteria, lower(opinion) AS opinion, issued_on, lower(status) AS status, status_checked_at,
    accreditation_body, surveillance_audit_on, assertions, exceptions, carve_outs, issuer,
    coalesce({TRUSTED} AND (holder_entity IS NULL OR {holder}), false) AS sound,
    CASE WHEN {main} THEN {first} ELSE period_start END AS starts,
    {until if endless else f"nullif({until}, {FAR})"} AS ends,
    period_start, period_end, {unstated()} AS broken, artefact, lower(file_sha256) AS digest,
    ({asked}) AS asked
  FROM documents WHERE {known} AND coalesce({kinds}, true)),
compared AS (
  SELECT *, CASE WHEN digest IS NOT NULL AND (min(starts) OVER same_file < max(starts) OVER same_file
                  OR min(ends) OVER same_file < max(ends) OVER same_file) THEN 1 ELSE 0 END AS redated
  FROM account WINDOW same_file AS (PARTITION BY main, digest)),
version AS (
  SELECT record, {_SAID}, min(artefact) AS artefact, max(redated) AS redated
  FROM compared WHERE asked GROUP BY record, {_SAID}),
stated AS (
  SELECT version.*, CASE WHEN coalesce(ends < starts, false) THEN NULL ELSE starts END AS first_day,
    CASE WHEN coalesce(ends < starts, false) THEN NULL ELSE ends END AS last_day,
    count(*) OVER (PARTITION BY record) + CASE WHEN other IS NULL THEN 0 ELSE 1 END + redated AS versions
  FROM version LEFT JOIN elsewhere ON other = record)"""
