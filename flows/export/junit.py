"""JUnit XML: a test case for every clause. Breached is a failure, unproven an error, and neither is ever a pass."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from evidence.model import Finding, Status, instant_text
from flows.export.complete import Carried
from flows.export.subject import ExportSubject
from flows.export.text import escaped, prose, unescaped
from flows.facts import facts_of

#: What a test case holds beside its properties; a test case without any of these has passed.
OUTCOMES = {
    Status.BREACHED: "failure",
    Status.UNPROVEN: "error",
    Status.NOT_EXERCISED: "skipped",
    Status.NOT_IN_FORCE: "skipped",
}


def write(subject: ExportSubject) -> bytes:
    """Return one test suite; every fact of a finding is a property of its test case, written by `escaped`.

    A waived finding fails as it would without a waiver, which is among its properties and in its message.
    """
    result = subject.result
    outcomes = [OUTCOMES.get(finding.status) for finding in result.findings]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": "0",
    }
    root = Element("testsuites", {"name": f"probity {escaped(subject.audit)}"} | counts)
    stamp = {"name": escaped(result.contract.id), "timestamp": instant_text(result.as_of)}
    suite = SubElement(root, "testsuite", stamp | counts)
    _properties(
        suite,
        {
            "contract": f"{result.contract.id} v{result.contract.version}",
            "contract_sha256": result.contract.sha256,
            "period": f"{instant_text(result.period.start)}/{instant_text(result.period.end)}",
            "run": subject.run,
            "status": result.status,
            "findings_sha256": subject.findings_sha256,
        },
    )
    for finding in result.findings:
        _case(suite, subject, finding)
    indent(root)
    written: str = tostring(root, "unicode")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{written}\n".encode()


def _case(suite: Element, subject: ExportSubject, finding: Finding) -> None:
    contract = subject.result.contract
    name = {"name": escaped(finding.commitment), "classname": escaped(f"{contract.id}.v{contract.version}")}
    case = SubElement(suite, "testcase", name | {"time": "0"})
    _properties(case, facts_of(finding))
    if outcome := OUTCOMES.get(finding.status):
        kind = ".".join(finding.reasons) or finding.status.value
        inner = SubElement(case, outcome, {"message": prose(finding.because), "type": kind})
        inner.text = "\n".join(_lines(finding))


def _lines(finding: Finding) -> list[str]:
    lines = [prose(finding.because), f"clause: {prose(finding.clause)}", f"promise: {prose(finding.promise)}"]
    lines += [f"exhibit: {prose(e.record)} {prose(e.why, '')} {e.artefact}".rstrip() for e in finding.exhibits]
    if finding.waived:
        lines.append(f"waiver ({finding.waived.state}): accepted by {prose(finding.waived.approver)}")
    return lines


def _properties(parent: Element, values: dict[str, str]) -> None:
    inner = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(inner, "property", {"name": escaped(name), "value": escaped(value)})


def read(data: bytes) -> Sequence[Carried]:
    """Return the findings of a file that `write` wrote."""
    carried = []
    for case in fromstring(data).iter("testcase"):  # noqa: S314 - bytes of our own, a moment old
        facts = {unescaped(p.attrib["name"]): unescaped(p.attrib["value"]) for p in case.iter("property")}
        kept = case.find("failure") is None and case.find("error") is None
        carried.append(Carried(facts, kept))
    return carried
