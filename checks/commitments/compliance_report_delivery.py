"""`compliance-report-delivery`: every report and certificate on the schedule arrives when it is due."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import Silence
from checks.kernels.deadline import Deadline, blank, unread
from checks.kernels.document_texts import GOOD_STATUS, TRUSTED, offers
from evidence.model import Reason


class ComplianceReportDelivery(Commitment):
    """For every slot of the schedule a new document of its kind is received by the due time."""

    kind: Literal["compliance-report-delivery"]
    deliver: tuple[str, ...] = Field(
        min_length=1, description="kinds of document to be delivered: [soc2, penetration-test]; each needs a schedule"
    )

    title: ClassVar[str] = "Compliance reports are delivered when due"
    needs: ClassVar[tuple[Need, ...]] = (Need("delivery_schedule"), Need("documents", required=False))
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "notice to cure; controls that rest on the missing report are unproven"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(h)",
        "DORA 28(5)-(6), 30(3)(e)",
        "Regulation (EU) 2024/1773 8(2)-(3)",
        "ISO/IEC 27001:2022 A.5.22",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "What counts is when the document was received, and that it is new: it was issued on the slot's first day or "
        "later, and its very bytes were never issued or received before that day. It must be the vendor's own, for the "
        "contracted service, no draft, with its file as described and a valid signature; one that is not leaves the "
        "slot unproven. One file fills one slot. A kind that no schedule names is unproven, and so is a period in "
        "which the schedule asks for nothing. This promise is about delivery: what a report says is judged elsewhere."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{', '.join(self.deliver)} delivered by each due date"

    def test(self) -> str:
        """Return what is compared."""
        return "Compared the receipt of every document with the due time of its slot, and its digest with earlier files"

    def kernel(self, scope: Scope) -> Deadline:
        """Return the deadline kernel over the slots of the schedule."""
        kinds = sql.texts(self.deliver)
        return Deadline(
            scope,
            f"{_papers(scope, kinds)},\n{_slots(kinds)},\n{_obligations()}",
            noun="deliveries",
            expected=tuple(sorted(set(self.deliver))),
            planned=f"SELECT DISTINCT kind FROM delivery_schedule WHERE kind IN {kinds}",
            silences=(Silence(("documents",)),),
        )


def _papers(scope: Scope, kinds: str) -> str:
    """Return the vendor's documents of these kinds; a blank kind or holder might be one of them."""
    vendor = sql.text(scope.vendor.strip().casefold())
    return f"""
paper AS (
  SELECT *, min(issued_on) OVER (PARTITION BY digest) AS first_issued,
    min(received_at) OVER (PARTITION BY digest) AS first_received
  FROM (
    SELECT kind, holder_entity, lower(file_sha256) AS digest, issued_on, received_at,
      ({offers(scope.services)}) AS offers,
      (NOT coalesce({TRUSTED}, false) OR coalesce(lower(trim(holder_entity)) <> {vendor}, false)) AS untrusted,
      ({sql.defective()} OR {blank("document_id", "kind", "issuer", "holder_entity", "file_sha256")} OR services IS NULL
       OR issued_on IS NULL OR received_at IS NULL
       OR coalesce(lower(trim(status)) NOT IN {sql.texts((*GOOD_STATUS, "expired"))}, false)
       OR coalesce((issued_on - 1) * {sql.DAY} > received_at, false)) AS flawed
    FROM documents
    WHERE (kind IN {kinds} OR {blank("kind")}) AND (received_at IS NULL OR received_at <= {scope.as_of})
      AND (lower(trim(holder_entity)) = {vendor} OR {blank("holder_entity")}
         OR {sql.spelt_like("holder_entity", scope.vendor)})) AS stated)"""


def _slots(kinds: str) -> str:
    """Return what each slot received: the first good document, and whether another one might be it."""
    return f"""
slot AS (
  SELECT DISTINCT {sql.identity("slot_id")} AS record, kind, not_before, due_at, artefact,
    ({sql.defective()} OR {blank("slot_id", "kind")} OR not_before IS NULL OR due_at IS NULL
     OR coalesce(not_before * {sql.DAY} > due_at, false)) AS flawed,
    ({unread("due_at", "not_before")} OR not_before IS NULL OR {blank("kind")}) AS untimed
  FROM delivery_schedule WHERE {blank("kind")} OR kind IN {kinds}),
good AS (
  SELECT s.record, min(p.received_at) AS received_at, min_by(p.digest, p.received_at) AS digest
  FROM slot AS s JOIN paper AS p ON p.kind = s.kind AND p.first_issued >= s.not_before
    AND p.first_received >= s.not_before * {sql.DAY}
  WHERE p.offers AND NOT p.untrusted AND NOT p.flawed GROUP BY s.record),
maybe AS (
  SELECT s.record, max(CASE WHEN p.flawed THEN 1 ELSE 0 END) AS flawed
  FROM slot AS s JOIN paper AS p ON coalesce(trim(p.kind), '') IN ('', s.kind)
    AND (p.issued_on IS NULL OR p.issued_on >= s.not_before) AND (p.received_at IS NULL OR p.received_at <= s.due_at)
  WHERE p.untrusted OR p.flawed GROUP BY s.record)"""


def _obligations() -> str:
    return f"""
filled AS (
  SELECT s.*, g.received_at, m.flawed AS doubtful,
    row_number() OVER (PARTITION BY s.kind, g.digest ORDER BY s.due_at, s.record) AS place, r.documents
  FROM (SELECT DISTINCT record, kind, not_before, due_at, flawed, untimed, min(artefact) OVER (PARTITION BY record)
          AS artefact FROM slot) AS s
  CROSS JOIN (SELECT count(*) AS documents FROM documents) AS r
  LEFT JOIN good AS g ON g.record = s.record LEFT JOIN maybe AS m ON m.record = s.record),
obligation AS (
  SELECT coalesce(kind, '') AS subject, record, due_at AS trigger_at, due_at, due_at AS safe_until,
    received_at AS done_at, (NOT untimed AND doubtful IS NULL AND documents > 0) AS certain,
    CAST(NULL AS VARCHAR) AS fault,
    CASE WHEN flawed THEN '{Reason.UNREADABLE_ROWS}'
         WHEN received_at IS NOT NULL AND place > 1 THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN received_at <= due_at THEN NULL
         WHEN doubtful = 1 THEN '{Reason.UNREADABLE_ROWS}' WHEN doubtful = 0 THEN '{Reason.UNTRUSTED_EVIDENCE}'
         WHEN documents = 0 THEN '{Reason.NO_EVIDENCE}' END AS doubt,
    kind || CASE WHEN received_at IS NULL THEN ' not delivered' ELSE ' delivered late' END AS cause, '' AS note,
    CAST(NULL AS BIGINT) AS measure_from, artefact
  FROM filled)"""


COMMITMENT = ComplianceReportDelivery
