"""`soc2-type2-attestation`: a current SOC 2 Type II report covers the contracted service."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.document_texts import GOOD_STATUS, TRUSTED, contains_all, empty, opinion_stands, speaks_of
from checks.kernels.document_valid import FAR, DocumentValid, Requirement
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
        carved_out = (
            "NOT EXISTS (SELECT 1 FROM (SELECT unnest(stated.carve_outs) AS org) AS c WHERE NOT EXISTS ("
            "SELECT 1 FROM documents AS d WHERE d.kind = 'soc2' AND d.report_type = '2' "
            f"AND lower(d.opinion) = 'unqualified' AND d.{TRUSTED.replace('AND ', 'AND d.')} "
            "AND lower(d.holder_entity) = lower(c.org) AND lower(d.issuer) <> lower(c.org) "
            f"AND d.received_at <= {scope.as_of} AND coalesce(len(d.defects), 0) = 0 "
            f"AND d.issued_on >= d.period_end AND coalesce(lower(d.status) IN {sql.texts(GOOD_STATUS)}, true) "
            f"AND coalesce(d.expires_on, {FAR}) * {sql.DAY} >= {scope.end - sql.DAY} "
            f"AND d.period_end * {sql.DAY} >= {scope.end - sql.DAY} "
            f"AND d.period_start * {sql.DAY} <= {scope.start}))"
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
            requirements=(
                Requirement("len(services) > 0 AND report_type IN ('1', '2')", "unusable", Reason.UNREADABLE_ROWS),
                Requirement("coalesce(report_type <> '1', true)", "violation", "Type I where Type II is due", True),
                Requirement(speaks_of(scope.services), "violation", "service out of scope", True),
                Requirement(opinion_stands(scope.services), "violation", "opinion is not unqualified"),
                Requirement("opinion = 'unqualified'", "unusable", Reason.UNREADABLE_ROWS),
                Requirement("issued_on >= period_end", "unusable", Reason.UNREADABLE_ROWS),
                Requirement(contains_all("criteria", self.criteria), "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(disposed, "unknown", Reason.CONTRADICTED),
                Requirement(carved_out, "unknown", Reason.INCOMPLETE_COVERAGE),
            ),
        )


COMMITMENT = Soc2Type2Attestation
