"""Step 10: what the members of a bundle say of one another."""

from __future__ import annotations

from evidence import manifest, references
from evidence.errors import BrokenReference
from evidence.examination import Examination


def resolve(examination: Examination) -> str:
    """Compare statement, findings, extraction cards, reports and exports with one another; nothing is judged again."""
    signed = examination.stated()
    for name in (manifest.FINDINGS, manifest.REPORT):
        if not examination.has(name):
            raise BrokenReference("RESULT_MISSING", name)
    result = references.parse_findings(examination.read(manifest.FINDINGS, references.MAX_FINDINGS_BYTES))
    digest = examination.digests[manifest.FINDINGS]
    references.check_facts(signed.predicate, result, digest, examination.tags[manifest.INFO])
    references.check_contract(signed.predicate, examination.digests.get(manifest.CONTRACT))
    for report in (manifest.REPORT, manifest.REPORT_PDF, *manifest.EXPORTS.values()):
        if examination.has(report):
            references.check_report(report, examination.chunks(report), digest)
    examination.proved.open += [
        "that the vendor's evidence is true or complete: the seal fixes what was gathered, not what happened",
        "that the findings follow from the evidence: that is `probity replay`",
    ]
    if examination.has(manifest.REPORT_PDF):
        examination.proved.open.append("the seal inside report.pdf, which is for PDF readers: no step relies on it")
    if examination.has(manifest.CARDS):
        references.check_exhibits(result, references.read_cards(examination.chunks(manifest.CARDS)))
    else:
        examination.proved.open.append("where the exhibits come from: the bundle has no extraction cards")
    return f"{manifest.FINDINGS}: {len(result.findings)} findings agree with statement and report"
