"""`certification-attainment-deadline`: a certificate or report that was missing is attained by its date."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import Silence
from checks.kernels.deadline import Deadline, blank, unread
from checks.kernels.document_days import day_number
from checks.kernels.document_texts import GOOD_OPINION, GOOD_STATUS, TRUSTED, offers
from evidence.model import Reason

#: What a document says of itself when it proves intent and nothing attained.
UNATTAINED = ("in progress", "in-progress", "planned", "pending", "draft", "applied", "refused")


class CertificationAttainmentDeadline(Commitment):
    """A trusted document of the promised kind was issued to the vendor on the due day at the latest."""

    kind: Literal["certification-attainment-deadline"]
    certification: str = Field(min_length=1, description="the kind of document that proves it: iso27001, soc2")
    since: date = Field(description="the first day on which it may be issued, such as the contract's: 2024-01-01")
    due: date = Field(description="the last day on which it may be issued: 2025-12-31; the day itself is allowed")
    report_type: Literal["1", "2"] | None = Field(default=None, description='type of a SOC 2 report, quoted: "2"')

    @model_validator(mode="after")
    def _forwards(self) -> CertificationAttainmentDeadline:
        if self.due < self.since:
            raise ValueError("'due' lies before 'since'")
        return self

    title: ClassVar[str] = "A certification is attained by its date"
    needs: ClassVar[tuple[Need, ...]] = (Need("documents"), Need("milestones", required=False))
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "notice to cure, then a right to terminate")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(1),(5)",
        "Regulation (EU) 2024/1773 8(2)-(3)",
        "DORA 28(5)",
        "ISO/IEC 27001:2022 A.5.35",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "Attained means that a document of exactly this kind was issued to the vendor itself, for the contracted "
        "service, not before the day the contract names, and not expired on the due day; its file is as described, its "
        "signature valid, and nothing in it says that it is still in progress. One that ended since, whose status "
        "nobody knows, with an opinion other than unqualified, or issued by the vendor itself leaves it open. "
        "A letter of intent is another kind of document. A milestone that the vendor calls reached proves nothing "
        "without its document; one it says was reached late breaks the promise. Before the due day nothing is due. "
        "Whether the certificate is still valid is judged elsewhere."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{self.certification} attained by {self.due.isoformat()}"

    def test(self) -> str:
        """Return what is compared."""
        return f"Compared the issue of every {self.certification} document of the vendor with {self.due.isoformat()}"

    def kernel(self, scope: Scope) -> Deadline:
        """Return the deadline kernel over the one date."""
        return Deadline(
            scope,
            f"{self._papers(scope)},\n{self._milestones(scope)},\n{self._obligation(scope)}",
            noun="certifications",
            silences=(Silence(("documents", "milestones")),),
        )

    def _papers(self, scope: Scope) -> str:
        """Return the documents that may be the certificate; a blank kind, holder or type might be it.

        A document that names no service is not shown to be for ours. One that is in time by one account only, of it or
        of its very bytes, is disputed.
        """
        vendor = sql.text(scope.vendor.strip().casefold())
        alike = f"({sql.same('issuer', scope.vendor)} OR {sql.bears_name_of('issuer', scope.vendor)})"
        untyped = "coalesce(report_type NOT IN ('1', '2'), true)" if self.report_type else "1 = 0"
        typed = f"({untyped} OR report_type = {sql.text(self.report_type)})" if self.report_type else "(1 = 1)"
        due = day_number(self.due)
        return f"""
stated AS (
  SELECT {sql.identity("document_id")} AS record, lower(file_sha256) AS digest, issued_on, artefact,
    coalesce(({sql.same("kind", self.certification)} OR {blank("kind")})
      AND (lower(trim(holder_entity)) = {vendor} OR {blank("holder_entity")}
           OR {sql.spelt_like("holder_entity", scope.vendor)}), false) AS ours,
    (coalesce(lower(trim(status)) IN {sql.texts(UNATTAINED)}, false) OR NOT ({offers(scope.services)})
     OR NOT {typed} OR coalesce(issued_on < {day_number(self.since)} OR expires_on < {due}, false)) AS other,
    (NOT coalesce({TRUSTED}, false) OR coalesce({alike}, false)
     OR coalesce(lower(trim(holder_entity)) <> {vendor}, false)) AS untrusted,
    coalesce(lower(trim(status)) NOT IN {sql.texts((*GOOD_STATUS, "expired"))}
             OR lower(trim(opinion)) <> '{GOOD_OPINION}', false) AS doubtful,
    ({sql.defective()} OR {blank("document_id", "kind", "issuer", "holder_entity", "file_sha256")} OR services IS NULL
     OR issued_on IS NULL OR received_at IS NULL OR {untyped}
     OR coalesce((issued_on - 1) * {sql.DAY} > received_at OR (report_type = '2' AND issued_on < period_end), false))
      AS flawed,
    coalesce(len(services) = 0, false) AS vague
  FROM documents WHERE received_at IS NULL OR received_at <= {scope.as_of}),
sorted AS (
  SELECT *, (ours AND NOT (other OR untrusted OR doubtful OR flawed OR vague)) AS good FROM stated),
paper AS (
  SELECT *, (good AND issued_on <= {due} AND (
    min(CASE WHEN good THEN 1 ELSE 0 END) OVER (PARTITION BY record) = 0
    OR max(issued_on) OVER (PARTITION BY record) > {due}
    OR max(CASE WHEN ours THEN issued_on END) OVER (PARTITION BY digest) > {due})) AS disputed
  FROM sorted),
proof AS (
  SELECT min(CASE WHEN good AND NOT disputed THEN issued_on END) AS issued_on,
    min(artefact) AS artefact, max(CASE WHEN flawed THEN 1 ELSE 0 END) AS flawed,
    max(CASE WHEN disputed OR (doubtful AND NOT other) THEN 1 ELSE 0 END) AS doubtful,
    max(CASE WHEN untrusted AND NOT other THEN 1 ELSE 0 END) AS untrusted,
    max(CASE WHEN vague AND NOT other THEN 1 ELSE 0 END) AS vague
  FROM paper WHERE ours),
register AS (SELECT count(*) AS documents FROM documents)"""

    def _milestones(self, scope: Scope) -> str:
        """Return what the vendor says it attained, and whether it can be read."""
        return f"""
claim AS (
  SELECT min(achieved_on) AS first_on, max(achieved_on) AS last_on,
    max(CASE WHEN {sql.defective()} OR {blank("milestone_id", "goal")}
             OR achieved_on * {sql.DAY} > {scope.as_of} THEN 1 ELSE 0 END) AS flawed,
    max(CASE WHEN {blank("goal")} OR {unread("achieved_on")} THEN 1 ELSE 0 END) AS untimed
  FROM milestones WHERE {blank("goal")} OR {sql.same("goal", self.certification)})"""

    def _obligation(self, scope: Scope) -> str:
        due = day_number(self.due)
        unclouded = "coalesce(greatest(p.flawed, p.untrusted, p.doubtful, p.vague), 0) = 0"
        late = f"(p.issued_on > {due} OR (p.issued_on IS NULL AND c.first_on > {due}))"
        return f"""
obligation AS (
  SELECT 'certification' AS subject, {sql.text(self.certification)} AS record,
    CAST({scope.start} AS BIGINT) AS trigger_at,
    CAST({(due + 1) * sql.DAY - 1} AS BIGINT) AS due_at, CAST({(due + 1) * sql.DAY - 1} AS BIGINT) AS safe_until,
    p.issued_on * {sql.DAY} AS done_at,
    (r.documents > 0 AND {unclouded} AND coalesce(c.untimed, 0) = 0
     AND ({late} OR c.first_on IS NULL)) AS certain,
    CASE WHEN p.issued_on IS NULL AND c.first_on > {due} AND c.untimed = 0 AND c.flawed = 0
           AND {unclouded} THEN 'attained late by its own account' END
      AS fault,
    CASE WHEN coalesce(p.flawed, 0) = 1 OR coalesce(c.flawed, 0) = 1 THEN '{Reason.UNREADABLE_ROWS}'
         WHEN p.issued_on <= {due} AND c.last_on > {due} THEN '{Reason.CONTRADICTED}'
         WHEN p.issued_on <= {due} THEN NULL
         WHEN p.vague = 1 THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN p.untrusted = 1 THEN '{Reason.UNTRUSTED_EVIDENCE}' WHEN p.doubtful = 1 THEN '{Reason.CONTRADICTED}'
         WHEN r.documents = 0 OR c.first_on IS NOT NULL THEN '{Reason.NO_EVIDENCE}' END AS doubt,
    CASE WHEN p.issued_on IS NULL THEN 'not attained' ELSE 'attained late' END AS cause, '' AS note,
    CAST(NULL AS BIGINT) AS measure_from, p.artefact
  FROM register AS r CROSS JOIN proof AS p CROSS JOIN claim AS c)"""


COMMITMENT = CertificationAttainmentDeadline
