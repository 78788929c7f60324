"""The reports of a run, HTML and PDF from one subject, as members of its payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evidence import manifest
from evidence.certificates import named
from evidence.container import measure
from evidence.errors import ReportFailed

if TYPE_CHECKING:
    from evidence.model import AuditResult
    from flows.engagement import Engagement
    from flows.pipeline import Run
    from flows.report.subject import ReportSubject
    from flows.sealer import Sealer
    from infra.source import Gathered

REPORT_PDF = manifest.REPORT_PDF.removeprefix(manifest.DATA)
#: Beside the findings in the PDF: which bundle it belongs to, in the form that `sha256sum -c` reads.
HASHES = "payload-sha256.txt"
NO_PDF = "There is no PDF report: it could not be set. The HTML report says everything that it would."


@dataclass(frozen=True, slots=True)
class Payload:
    """The members below `data/` by path; `missing` says why there is no PDF report among them."""

    members: Mapping[str, bytes | Path]
    missing: str = ""


def subject_of(
    engagement: Engagement,
    run: Run,
    gathered: Gathered,
    result: AuditResult,
    findings_sha256: str,
    sealer: Sealer,
    limits: tuple[str, ...],
) -> ReportSubject:
    """Return what both reports say of a run."""
    from flows.report.subject import ReportSubject  # noqa: PLC0415 - only audits pay for reports

    contract = engagement.contract
    return ReportSubject(
        result=result,
        findings_sha256=findings_sha256,
        customer=contract.customer.name,
        vendor=contract.vendor.name,
        contract_title=next((d.title for d in contract.documents.values()), contract.id),
        services=tuple(contract.services),
        term=f"{contract.term.start.isoformat()} to {contract.term.end.isoformat()}",
        cards=gathered.cards,
        run=run.id,
        tool=engagement.tool,
        engine=engagement.engine,
        signer=sealer.name,
        seal_level="simple",
        time_level=sealer.time_level,
        limits=limits,
        bundle_name=engagement.bundle_name(run.period, run.id),
        pdf_seal=named(sealer.chain[0]) if sealer.chain else "",
    )


def with_reports(members: Mapping[str, bytes | Path], subject: ReportSubject) -> Payload:
    """Return the payload with its reports, the PDF not sealed yet.

    Where the PDF cannot be set, the others say so: a report must not cost the audit that it reports on.
    """
    whole = {**members, **_readable(subject)}
    try:
        return Payload({**whole, REPORT_PDF: _pdf(whole, subject)})
    except ReportFailed as failed:
        told = replace(subject, limits=(*subject.limits, NO_PDF))
        return Payload({**members, **_readable(told)}, f"the bundle was sealed without {REPORT_PDF}: {failed}")


def _readable(subject: ReportSubject) -> dict[str, bytes | Path]:
    from flows.report.html import render  # noqa: PLC0415 - only audits pay for templates

    lines = ["# What this bundle does not show", "", *(f"* {limit}" for limit in subject.limits), ""]
    return {"limits.md": "\n".join(lines).encode(), "report.html": render(subject)}


def _pdf(members: Mapping[str, bytes | Path], subject: ReportSubject) -> bytes:
    from flows.report.pdf import Attachment, render  # noqa: PLC0415 - only audits pay for templates

    measured = [measure(manifest.DATA + name, content) for name, content in members.items()]
    hashes = manifest.render({member.name: member.sha256 for member in measured}).decode()
    findings = members[manifest.FINDINGS.removeprefix(manifest.DATA)]
    text = findings.decode() if isinstance(findings, bytes) else findings.read_text("utf-8")
    attached = (
        Attachment("findings.json", text, "application/json", "data", "The findings that this report shows"),
        Attachment(HASHES, hashes, "text/plain", "supplement", "SHA-256 of the other files of the bundle's payload"),
    )
    return render(subject, attached)
