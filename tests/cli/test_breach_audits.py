"""Audits open cases by themselves where the audit file says so: for broken promises, and for notices by the vendor."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flows.cases import cases
from flows.engagement import Engagement, open_engagement
from tests.cli.engagements import call, edit, probity, trail

NOTIFY = """\
  IR:
    kind: breach-notification
    clause: DPA §8.1 p.11
    severity: major
    notify_within: 24h
    report_within: 72h
"""
NOTICES = """\
notice_id,kind,incident_id,sent_at,received_at,channel,sender
N-7,breach,INC-3,2025-06-12T10:00:00Z,2025-06-12T10:05:00Z,mail,Vendor Ltd
N-8,incident-report,INC-3,2025-06-13T10:00:00Z,2025-06-13T10:05:00Z,mail,Vendor Ltd
N-1,breach,INC-0,2024-06-12T10:00:00Z,2024-06-12T10:05:00Z,mail,Vendor Ltd
N-9,subprocessor,,2025-06-12T10:00:00Z,2025-06-12T10:05:00Z,mail,Vendor Ltd
"""
INCIDENT = """\
incident_id,occurred_at,vendor_aware_at,customer_aware_at,reported_by,severity,data_classes
INC-3,,2025-06-12T02:00:00Z,,vendor,major,[]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engagement in which one call ran in Ohio, and whose vendor gave notice of an incident."""
    ohio = call(2, awsRegion="us-east-2", additionalEventData={"inferenceRegion": "us-east-2"})
    made = trail(tmp_path / "e", call(1), ohio)
    contract = made / "contract.yaml"
    contract.write_text(contract.read_text() + NOTIFY)
    edit(made / "audit.yaml", "period:", "breach: {remedies: remedies.yaml}\nperiod:")
    (made / "evidence" / "notices.csv").write_text(NOTICES)
    (made / "evidence" / "incidents.csv").write_text(INCIDENT)
    (made / "remedies.yaml").write_text(
        "probity: remedies/v1\nremedies:\n  RES-EU:\n    clause: MSA §12.2\n"
        "    credit: {share: 2%, fee: 85000.00 EUR}\n"
    )
    return made


def engagement(folder: Path) -> Engagement:
    return open_engagement(folder, lambda _: None)


def test_a_breach_and_a_notice_open_a_case_each_and_a_second_audit_opens_none(folder: Path) -> None:
    first = probity("audit", folder)
    assert first.code == 1
    assert "case-0001 waits for a decision" in first.err
    found = cases(engagement(folder))
    assert [case.key for case in found] == ["finding/trail/RES-EU", "notice/trail/INC-3"]
    assert [origin.id for origin in found[1].origins] == ["notice/N-7", "notice/N-8"]
    assert {c.stated for c in found[1].candidates if c.name == "vendor_aware"} == {"2025-06-12T02:00:00Z"}
    probity("audit", folder)
    again = cases(engagement(folder))
    assert [(case.id, len(case.origins)) for case in again] == [("case-0001", 2), ("case-0002", 2)]
    owed = json.loads(probity("breach", "remedies", folder, "--format", "json").out)
    assert [(each["commitment"], each["owed"]) for each in owed["ledgers"]] == [("RES-EU", "1700.00 EUR")]
    bundle = next((folder / "bundles").glob("*.zip"))
    words = ("--bundle", bundle, "--trust", folder / "keys" / "trust", "--as", "Ann")
    assert probity("breach", "open", folder, *words, "--commitment", "RES-EU").code == 0
    assert probity("breach", "open", folder, *words, "--commitment", "IR").code == 2
    assert len(cases(engagement(folder))[0].origins) == 2
    shutil.rmtree(folder / ".probity" / "cases")  # so that it is opened later than it was sealed
    assert probity("breach", "open", folder, *words, "--commitment", "RES-EU").code == 0
    seal = json.loads(probity("verify", bundle, "--trust", folder / "keys" / "trust", "--format", "json").out)
    assert cases(engagement(folder))[0].candidates[0].stated[:19] == seal["audit"]["sealed_at"][:19]


def test_without_a_breach_section_an_audit_opens_nothing(folder: Path) -> None:
    edit(folder / "audit.yaml", "breach: {remedies: remedies.yaml}\n", "")
    assert probity("audit", folder).code == 1
    assert not (folder / ".probity" / "cases").exists()
