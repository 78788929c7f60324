"""`soc2-type2-attestation`: a current SOC 2 Type II report covers the contracted service."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.document_texts import (
    BAD_OPINIONS,
    GOOD_OPINION,
    GOOD_STATUS,
    TRUSTED,
    contains_all,
    empty,
    opinion_stands,
    speaks_of,
    unstated,
)
from checks.kernels.document_valid import DocumentValid, Requirement
from checks.kernels.document_versions import FAR
from checks.terms import UNITS, Exact
from evidence.model import Assurance, Reason

Criterion = Literal["security", "availability", "processing integrity", "confidentiality", "privacy"]


class Soc2Type2Attestation(Commitment):
    """A Type II report with an unqualified opinion covers every day, save what a short bridge letter carries."""

    kind: Literal["soc2-type2-attestation"]
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="trust services criteria that must be examined")
    max_bridge: Exact = Field(description="the longest a bridge letter may carry a report forward, in days: 92d")

    title: ClassVar[str] = "SOC 2 Type II covers the period"
    needs: ClassVar[tuple[Need, ...]] = (Need("documents"),)
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "cure period, then a right to terminate; controls that depend on the report become unproven"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(1),(5)",
        "Regulation (EU) 2024/1773 8(2)-(3)",
        "DORA 28(5)",
        "ISO/IEC 27001:2022 A.5.22",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "Days are covered by the period the report examined, not by its date. A Type I report, an opinion other than "
        "unqualified, or a report on another service breaks the promise when nothing better is shown. The holder must "
        "be the vendor itself: a cloud host's report is not the vendor's. Exceptions without a disposition and "
        "carved-out organisations without a report of their own leave the promise unproven. Days that rest on a bridge "
        "letter alone make the answer provisional and only attested."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"SOC 2 Type II ({', '.join(self.criteria)}) covers every day"

    def test(self) -> str:
        """Return what is compared."""
        return "Compared the examined period, type, opinion, scope and criteria of every report with the audit period"

    def kernel(self, scope: Scope) -> DocumentValid:
        """Return the document kernel with what a SOC 2 report must say."""
        reported = (
            "NOT EXISTS (SELECT 1 FROM (SELECT unnest(stated.carve_outs) AS org) AS c WHERE NOT EXISTS ("
            f"SELECT 1 FROM ({_hosts(scope)}) AS host WHERE host.holder = lower(c.org)))"
        )
        settled = " OR ".join(f"lower(x) LIKE '%disposition: {word}%'" for word in ("accepted", "remediated"))
        disposed = f"({empty('exceptions')} OR len(list_filter(exceptions, lambda x: NOT ({settled}))) = 0)"
        return DocumentValid(
            scope,
            kind="soc2",
            covers=("period_start", "period_end"),
            assurance=Assurance.AUDITED,
            bridge_kind="bridge-letter",
            max_bridge=self.max_bridge.microseconds // UNITS["d"],
            # A letter need not speak of these; what it says must be no less than the report's.
            bridge_holds=f"coalesce(opinion = '{GOOD_OPINION}', true) "
            f"AND coalesce(report_type = '2', true) AND {reported} "
            f"AND ({empty('criteria')} OR {contains_all('criteria', self.criteria)})",
            # Whoever writes an opinion in other words, or none, may have withheld it.
            extra_doubt=f"{speaks_of(scope.services)} AND CASE WHEN main "
            f"THEN coalesce(opinion NOT IN {sql.texts((GOOD_OPINION, *BAD_OPINIONS))}, true) "
            f"ELSE coalesce(opinion <> '{GOOD_OPINION}', false) OR NOT {empty('exceptions')} END",
            requirements=(
                Requirement("len(services) > 0 AND report_type IN ('1', '2')", "unusable", Reason.UNREADABLE_ROWS),
                Requirement("coalesce(report_type <> '1', true)", "violation", "Type I where Type II is due", True),
                Requirement(speaks_of(scope.services), "violation", "service out of scope", True),
                Requirement(opinion_stands(scope.services), "violation", "opinion is not unqualified"),
                Requirement("opinion = 'unqualified'", "unusable", Reason.UNREADABLE_ROWS),
                Requirement("issued_on >= period_end", "unusable", Reason.UNREADABLE_ROWS),
                Requirement(contains_all("criteria", self.criteria), "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(disposed, "unknown", Reason.CONTRADICTED),
                Requirement(reported, "unknown", Reason.INCOMPLETE_COVERAGE),
            ),
        )


def _hosts(scope: Scope) -> str:
    """Return a SELECT of the organisations whose own report covers the period, and of which none says otherwise.

    A document counts only if all that is stated of it does. The vendor cannot report on its host, nor be its own.
    One that does not say of which kind it is may speak against a host, and so may one that spells its name otherwise.
    """
    last = scope.end - sql.DAY
    good = (
        f"{TRUSTED} AND NOT {unstated()} AND report_type = '2' AND lower(opinion) = '{GOOD_OPINION}' "
        f"AND coalesce(lower(status) IN {sql.texts(GOOD_STATUS)}, true) AND issued_on >= period_end "
        f"AND period_start * {sql.DAY} <= {scope.start} AND period_end * {sql.DAY} >= {last} "
        f"AND coalesce(expires_on, {FAR}) * {sql.DAY} >= {last} AND NOT {sql.same('holder_entity', scope.vendor)} "
        f"AND NOT contains(lower(issuer), lower(holder_entity)) AND NOT {sql.bears_name_of('issuer', scope.vendor)}"
    )
    bad = (
        f"coalesce(lower(opinion) <> '{GOOD_OPINION}', true) "
        f"AND coalesce(period_start * {sql.DAY} < {scope.end}, true) "
        f"AND coalesce(coalesce(period_end, issued_on) * {sql.DAY} >= {scope.start}, true)"
    )
    return (
        "SELECT holder FROM (SELECT *, bool_or(bad) OVER (PARTITION BY name) AS accused FROM ("
        f"SELECT lower(holder_entity) AS holder, {sql.bare('holder_entity')} AS name, document_id, "
        f"bool_and(coalesce({good}, false)) AS good, bool_or({bad}) AS bad FROM documents "
        f"WHERE coalesce(lower(kind) = 'soc2', true) AND coalesce(received_at <= {scope.as_of}, true) "
        "GROUP BY lower(holder_entity), document_id) AS report) AS told "
        "GROUP BY holder HAVING bool_or(good) AND NOT bool_or(accused)"
    )


COMMITMENT = Soc2Type2Attestation
