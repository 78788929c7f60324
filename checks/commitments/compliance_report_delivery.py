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
        named = [(sql.same("kind", d), sql.text(d)) for d in sorted(set(self.deliver))]
        kind = f"CASE {' '.join(f'WHEN {same} THEN {name}' for same, name in named)} ELSE kind END"
        wanted = sql.one_of("kind", self.deliver)
        return Deadline(
            scope,
            f"{_papers(scope, kind, wanted)},\n{_slots(kind, wanted)},\n{_obligations(scope)}",
            noun="deliveries",
            expected=tuple(sorted(set(self.deliver))),
            planned=f"SELECT DISTINCT {kind} FROM delivery_schedule WHERE {wanted}",
            silences=(Silence(("documents",)),),
        )


def _papers(scope: Scope, kind: str, wanted: str) -> str:
    """Return the vendor's documents of these kinds; a blank kind or holder might be one of them.

    The same bytes are the same document whatever kind and holder they were said to have before, and may be older where
    one account of them leaves out a date. What names no service is not shown to be for ours, and a fit document that
    another account calls unfit or somebody else's is flawed.
    """
    vendor = sql.text(scope.vendor.strip().casefold())
    return f"""
known AS (
  SELECT *, min(issued_on) OVER (PARTITION BY lower(file_sha256)) AS first_issued,
    min(received_at) OVER (PARTITION BY lower(file_sha256)) AS first_received,
    max(CASE WHEN issued_on IS NULL OR received_at IS NULL THEN 1 ELSE 0 END) OVER (PARTITION BY lower(file_sha256)) = 1
      AS undated
  FROM documents WHERE received_at IS NULL OR received_at <= {scope.as_of}),
listed AS (
  SELECT {kind} AS kind, {sql.identity("document_id")} AS record, lower(file_sha256) AS digest, issued_on, received_at,
    first_issued, first_received, ({offers(scope.services)}) AS offers,
    coalesce(({wanted} OR {blank("kind")}) AND (lower(trim(holder_entity)) = {vendor} OR {blank("holder_entity")}
         OR {sql.spelt_like("holder_entity", scope.vendor)}), false) AS ours,
    (NOT coalesce({TRUSTED}, false) OR coalesce(lower(trim(holder_entity)) <> {vendor} OR len(services) = 0, false))
      AS untrusted,
    ({sql.defective()} OR {blank("document_id", "kind", "issuer", "holder_entity", "file_sha256")} OR services IS NULL
     OR undated
     OR coalesce(lower(trim(status)) NOT IN {sql.texts((*GOOD_STATUS, "expired"))}, false)
     OR coalesce((issued_on - 1) * {sql.DAY} > received_at, false)) AS faulty
  FROM known),
fitted AS (SELECT *, (ours AND offers AND NOT (untrusted OR faulty)) AS fit FROM listed),
told AS (
  SELECT *, (faulty OR (fit AND (
    min(CASE WHEN fit THEN 1 ELSE 0 END) OVER (PARTITION BY record) = 0
    OR min(kind) OVER (PARTITION BY record) < max(kind) OVER (PARTITION BY record)))) AS flawed
  FROM fitted),
paper AS (SELECT * FROM told WHERE ours)"""


def _slots(kind: str, wanted: str) -> str:
    """Return what each slot received: the first good document, and whether another one might be it.

    A slot is its kind and its name. Where entries differ on its days, late is what comes after the latest due time, and
    new what was issued on the earliest first day or later.
    """
    return f"""
slot AS (
  SELECT record, kind, min(not_before) AS not_before, min(due_at) AS due_at, max(due_at) AS last_due,
    coalesce(min(not_before) < max(not_before), false) OR coalesce(min(due_at) < max(due_at), false) AS differing,
    max(CASE WHEN flawed THEN 1 ELSE 0 END) = 1 AS flawed, max(CASE WHEN untimed THEN 1 ELSE 0 END) = 1 AS untimed,
    min(artefact) AS artefact
  FROM (
    SELECT {sql.identity("slot_id")} AS record, {kind} AS kind, not_before, due_at, artefact,
      ({sql.defective()} OR {blank("slot_id", "kind")} OR not_before IS NULL OR due_at IS NULL
       OR coalesce(not_before * {sql.DAY} > due_at, false)) AS flawed,
      ({unread("due_at", "not_before")} OR not_before IS NULL OR {blank("kind")}
       OR due_at IS NULL OR not_before * {sql.DAY} > due_at) AS untimed
    FROM delivery_schedule WHERE {blank("kind")} OR {wanted}) AS stated
  GROUP BY record, kind),
good AS (
  SELECT s.record, s.kind, min(p.received_at) AS received_at, struct_extract(
    min(struct_pack(came := p.received_at, issued := p.first_issued, digest := p.digest)), 'digest') AS digest
  FROM slot AS s JOIN paper AS p ON p.kind = s.kind AND p.first_issued >= s.not_before
    AND p.first_received >= s.not_before * {sql.DAY}
  WHERE p.offers AND NOT p.untrusted AND NOT p.flawed GROUP BY s.record, s.kind),
maybe AS (
  SELECT s.record, s.kind, max(CASE WHEN p.flawed THEN 1 ELSE 0 END) AS flawed
  FROM slot AS s JOIN paper AS p ON coalesce(trim(p.kind), '') IN ('', s.kind)
    AND (p.issued_on IS NULL OR p.issued_on >= s.not_before) AND (p.received_at IS NULL OR p.received_at <= s.last_due)
  WHERE p.untrusted OR p.flawed GROUP BY s.record, s.kind)"""


def _obligations(scope: Scope) -> str:
    """Return the slots; one that is due later in a period that still runs is awaited already."""
    return f"""
filled AS (
  SELECT s.*, g.received_at, m.flawed AS doubtful,
    row_number() OVER (PARTITION BY g.digest ORDER BY s.due_at, s.record, s.kind) AS place, r.documents
  FROM slot AS s CROSS JOIN (SELECT count(*) AS documents FROM documents) AS r
  LEFT JOIN good AS g ON g.record = s.record AND g.kind = s.kind
  LEFT JOIN maybe AS m ON m.record = s.record AND m.kind = s.kind),
obligation AS (
  SELECT coalesce(kind, '') AS subject, record,
    CASE WHEN due_at < {scope.end} THEN least(due_at, {scope.as_of}) ELSE due_at END AS trigger_at,
    last_due AS due_at, due_at AS safe_until,
    received_at AS done_at, (NOT untimed AND doubtful IS NULL AND documents > 0) AS certain,
    CAST(NULL AS VARCHAR) AS fault,
    CASE WHEN flawed THEN '{Reason.UNREADABLE_ROWS}' WHEN differing THEN '{Reason.CONTRADICTED}'
         WHEN received_at IS NOT NULL AND place > 1 THEN '{Reason.INCOMPLETE_COVERAGE}'
         WHEN received_at <= due_at THEN NULL
         WHEN doubtful = 1 THEN '{Reason.UNREADABLE_ROWS}' WHEN doubtful = 0 THEN '{Reason.UNTRUSTED_EVIDENCE}'
         WHEN documents = 0 THEN '{Reason.NO_EVIDENCE}' END AS doubt,
    kind || CASE WHEN received_at IS NULL THEN ' not delivered' ELSE ' delivered late' END AS cause, '' AS note,
    CAST(NULL AS BIGINT) AS measure_from, artefact
  FROM filled)"""


COMMITMENT = ComplianceReportDelivery
