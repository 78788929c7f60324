"""`audit-right`: audits that the customer asks for are granted in time, and their findings closed when due."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import Silence
from checks.kernels.deadline import Deadline, blank, denial, unread
from checks.terms import Exact
from evidence.model import Reason


class AuditRight(Commitment):
    """Every request is granted within `grant_within`; every finding is closed by the date agreed for it."""

    kind: Literal["audit-right"]
    grant_within: Exact = Field(
        description="from the request to the vendor's consent: 30d; the limit itself is allowed"
    )

    title: ClassVar[str] = "Audits are granted and findings closed in time"
    needs: ClassVar[tuple[Need, ...]] = (Need("audit_requests", required=False), Need("documents", required=False))
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "a refusal is a material breach; name the auditor and the date")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(h)",
        "DORA 30(3)(e), 28(6)",
        "Regulation (EU) 2024/1773 8(2)-(3)",
        "ISO/IEC 27001:2022 A.5.20, A.5.35",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "A refusal breaks the promise, and so does no consent within the limit. A consent with conditions is not yet a "
        "consent: whether they may be set is for a person to say, so it is unproven, as is one with conditions not on "
        "record. A refusal and a consent to the same request contradict each other. Findings of an audit that took "
        "place must be closed by their due date; one without a date is unproven. No request is not exercised only if "
        "the vendor signed that it received none (a negative statement with `no_audit_request`)."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"audits granted within {self.grant_within.text}, findings closed when due"

    def test(self) -> str:
        """Return what is recomputed."""
        return (
            "Recomputed the time from every request to its consent, and compared the closing of findings with its date"
        )

    def kernel(self, scope: Scope) -> Deadline:
        """Return the deadline kernel over consents and findings."""
        return Deadline(
            scope,
            f"{_requests(scope)},\n{_obligations(self.grant_within.microseconds)}",
            noun="consents and findings",
            denial=denial(scope, "no_audit_request"),
            denied="SELECT requested_at AS moment FROM audit_requests",
            silences=(Silence(("audit_requests",)),),
        )


def _requests(scope: Scope) -> str:
    """Return one row a request from everything said of it; a later entry may know more than an earlier one.

    Where entries differ on when it was asked, only what is late after the latest of these instants is late; where they
    differ on when findings were closed, late is what was closed late by all of them. A finding that only entries
    without a closing name is open, whatever others close; a closing without findings closes all.
    """
    return f"""
asked AS (SELECT *, {sql.identity("request_id")} AS record FROM audit_requests),
named AS (SELECT record, unnest(findings) AS finding, findings_closed_at FROM asked WHERE len(findings) > 0),
unclosed AS (
  SELECT record AS left_open FROM (
    SELECT record, finding, max(findings_closed_at) AS closed FROM named GROUP BY record, finding) AS each
  WHERE closed IS NULL GROUP BY record),
request AS (
  SELECT record, min(requested_at) AS requested, max(requested_at) AS requested_last,
    coalesce(min(requested_at) < max(requested_at), false) AS differing,
    coalesce(min(lower(scope)) < max(lower(scope)), false) AS narrowed,
    min(CASE WHEN answer = 'granted' THEN answered_at END) AS granted,
    max(CASE WHEN answer = 'granted' THEN answered_at END) AS granted_last,
    max(CASE WHEN answer = 'granted' THEN 1 ELSE 0 END) = 1 AS consented,
    max(CASE WHEN answer = 'refused' THEN 1 ELSE 0 END) = 1 AS refused,
    max(CASE WHEN answer = 'refused' AND coalesce(answered_at <= {scope.as_of}, true) THEN 1 ELSE 0 END) = 1 AS denied,
    max(CASE WHEN answer = 'granted' AND conditions IS NULL THEN 1 ELSE 0 END) = 1 AS unstated,
    max(CASE WHEN answer = 'granted' AND len(conditions) > 0 THEN 1 ELSE 0 END) = 1 AS conditional,
    max(CASE WHEN {sql.defective()} OR {blank("request_id", "scope", "answer")} OR requested_at IS NULL
             OR answered_at < requested_at OR performed_at < requested_at OR performed_at > {scope.as_of}
             OR (answer <> 'pending' AND answered_at IS NULL) THEN 1 ELSE 0 END) = 1 AS flawed,
    max(CASE WHEN {blank("request_id", "answer")} OR {unread("requested_at", "answered_at")}
             OR answered_at < requested_at OR (answer <> 'pending' AND answered_at IS NULL)
             THEN 1 ELSE 0 END) = 1 AS untimed,
    min(performed_at) AS performed, max(performed_at) AS performed_last, coalesce(max(len(findings)), 0) AS findings,
    max(CASE WHEN findings IS NOT NULL THEN 1 ELSE 0 END) = 1 AS reported,
    min(findings_due_at) AS due, coalesce(min(findings_due_at) < max(findings_due_at), false) AS moved,
    bool_or(left_open IS NOT NULL) AND NOT bool_or(findings_closed_at IS NOT NULL AND findings IS NULL) AS unclosed,
    min(findings_closed_at) AS first_closed, max(findings_closed_at) AS closed,
    max(CASE WHEN {unread("performed_at", "findings_due_at", "findings_closed_at")}
             OR findings_closed_at < performed_at OR findings_due_at < performed_at THEN 1 ELSE 0 END) = 1 AS undated,
    min(artefact) AS artefact
  FROM asked LEFT JOIN unclosed ON left_open = record GROUP BY record)"""


def _obligations(limit: int) -> str:
    return f"""
obligation AS (
  SELECT 'consent' AS subject, record, requested AS trigger_at, requested_last + {limit} AS due_at,
    requested + {limit} AS safe_until, granted AS done_at, (NOT untimed) AS certain,
    CASE WHEN denied AND NOT consented AND requested IS NOT NULL THEN 'refused' END AS fault,
    CASE WHEN flawed THEN '{Reason.UNREADABLE_ROWS}'
         WHEN differing OR refused OR narrowed OR granted_last > requested + {limit} THEN '{Reason.CONTRADICTED}'
         WHEN conditional OR unstated THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt,
    CASE WHEN granted IS NULL THEN 'not granted' ELSE 'granted late' END AS cause, '' AS note,
    CAST(NULL AS BIGINT) AS measure_from, artefact
  FROM request
  UNION ALL
  SELECT 'findings', record, coalesce(performed, requested), due, CASE WHEN NOT moved THEN due END, closed,
    (NOT undated AND NOT moved AND findings > 0 AND coalesce(first_closed > due AND closed >= performed_last, true)),
    CAST(NULL AS VARCHAR), CASE WHEN flawed OR undated OR closed < performed_last THEN '{Reason.UNREADABLE_ROWS}'
         WHEN moved OR unclosed OR performed < performed_last OR (first_closed <= due AND closed > due)
           THEN '{Reason.CONTRADICTED}'
         WHEN NOT reported OR due IS NULL THEN '{Reason.INCOMPLETE_COVERAGE}' END,
    CASE WHEN closed IS NULL THEN 'findings not closed' ELSE 'findings closed late' END, '',
    CAST(NULL AS BIGINT), artefact
  FROM request
  WHERE findings > 0 OR performed < performed_last OR (performed IS NOT NULL AND NOT reported))"""


COMMITMENT = AuditRight
