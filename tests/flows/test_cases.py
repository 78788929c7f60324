"""Cases of an engagement: opened once a sighting, joined by the same incident, and refused where a log was changed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.cases.case import State
from checks.cases.entry import Clocks, Closing, NotNotified, Origin, Triage
from checks.cases.fold import read_entry
from evidence.errors import BadInput, BrokenCaseLog
from evidence.keys import make_keys
from evidence.model import (
    AuditResult,
    ContractRef,
    Exhibit,
    Finding,
    Outcome,
    Period,
    Population,
    Severity,
    Status,
    instant_text,
)
from flows.cases import AUTOMATIC, case, cases, history, of_audit, open_or_join, record, running_clocks
from flows.engagement import Engagement, open_engagement
from tests.checks.cases.story import classified, sighting
from tests.cli.engagements import edit, trail, unjudged

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def engagement(tmp_path: Path) -> Engagement:
    return open_engagement(unjudged(trail(tmp_path)), lambda _: None)


def opened(engagement: Engagement, origin: Origin) -> str:
    return open_or_join(engagement, origin, NOW, AUTOMATIC)


def result(*findings: Finding) -> AuditResult:
    period = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    reference = ContractRef(id="trail", version=1, sha256="0" * 64)
    return AuditResult(contract=reference, period=period, as_of=NOW, status=Status.BREACHED, findings=findings)


def finding(name: str, severity: Severity = Severity.CRITICAL, *records: str) -> Finding:
    exhibits = [
        Exhibit(record=r, outcome=Outcome.VIOLATION, measure=None, artefact="sha256:" + "1" * 64) for r in records
    ]
    return Finding(
        commitment=name,
        kind="data-residency",
        clause="DPA §7.1",
        severity=severity,
        status=Status.BREACHED,
        because="it ran in Ohio",
        population=Population(violation=len(records)),
        exhibits=tuple(exhibits),
    )


def test_the_same_sighting_is_taken_in_once(engagement: Engagement) -> None:
    names = {opened(engagement, sighting()) for _ in range(3)}
    assert names == {"case-0001"}
    assert len(history(engagement, "case-0001")) == 1


def test_the_same_incident_joins_and_another_opens_a_case_of_its_own(engagement: Engagement) -> None:
    opened(engagement, sighting())
    joined = opened(engagement, sighting("audit-2#RET", marks=("record-2",)))
    other = opened(engagement, sighting("audit-2#RES", key="finding/msa/RES"))
    assert (joined, other) == ("case-0001", "case-0002")
    assert case(engagement, "case-0001").marks == {"record-1", "record-2"}


def test_a_closed_case_is_joined_by_known_violations_and_followed_by_new_ones(engagement: Engagement) -> None:
    name = opened(engagement, sighting())
    record(engagement, name, NotNotified(reason="test data"), NOW, "Ann")
    record(engagement, name, Closing(reason="nothing more"), NOW, "Ann")
    assert opened(engagement, sighting("audit-2#RET")) == name
    assert case(engagement, name).state is State.CLOSED
    followed = opened(engagement, sighting("audit-3#RET", marks=("record-9",)))
    assert (followed, case(engagement, followed).follows) == ("case-0002", name)


def test_processes_that_open_at_once_open_one_case(engagement: Engagement) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from flows.engagement import open_engagement\nfrom tests.flows.test_cases import opened, sighting\n"
        "e = open_engagement(Path(sys.argv[1]), lambda _: None)\n"
        "[opened(e, sighting(f'audit-{n}#RET')) for n in range(4)]"
    )
    words = [sys.executable, "-c", program, str(engagement.folder)]
    started = [subprocess.Popen(words, cwd=ROOT, env=os.environ) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    (found,) = cases(engagement)
    assert sorted(origin.id for origin in found.origins) == [f"audit-{n}#RET" for n in range(4)]


def test_deadlines_that_a_step_moves_are_recorded_with_it_and_earlier_ones_stay(engagement: Engagement) -> None:
    name = opened(engagement, sighting())
    assert record(engagement, name, classified("gdpr-33"), NOW, "Ann").state is State.CLOCKS
    opened(engagement, sighting("audit-0#RET", seen_at=datetime(2026, 10, 20, tzinfo=UTC)))
    due = [e.due[0].due_utc for e in map(read_entry, history(engagement, name)) if isinstance(e, Clocks)]
    assert due == ["2026-10-26T16:30:00Z", "2026-10-23T00:00:00Z"]
    (clock,) = running_clocks(case(engagement, name), NOW)
    assert clock.is_over(NOW)


def test_an_audit_opens_cases_for_breached_critical_findings_alone(engagement: Engagement) -> None:
    found = result(finding("RES-EU", Severity.CRITICAL, "call-1"), finding("LOG", Severity.MAJOR, "call-2"))
    assert of_audit(engagement, found, "s3://b/audit-1.zip", NOW) == ()
    edit(engagement.folder / "audit.yaml", "period:", "breach: {triage: 12h}\nperiod:")
    asked = open_engagement(engagement.folder, lambda _: None)
    assert of_audit(asked, found, "s3://b/audit-1.zip?versionId=7", NOW) == ("case-0001",)
    assert of_audit(asked, found, "s3://b/audit-1.zip?versionId=7", NOW) == ("case-0001",)
    kept = case(asked, "case-0001")
    assert (kept.triage_hours, kept.origins[0].id, kept.marks) == (12, "audit-1.zip#RES-EU", {"call-1"})
    assert {e.name for e in kept.evidence} == {"audit-1.zip", "sha256:" + "1" * 64}


def test_a_case_of_a_bundle_that_was_sealed_before_runs_from_then(engagement: Engagement) -> None:
    edit(engagement.folder / "audit.yaml", "period:", "breach: {triage: 12h}\nperiod:")
    asked = open_engagement(engagement.folder, lambda _: None)
    sealed = NOW - timedelta(days=2)
    (name,) = of_audit(asked, result(finding("RES-EU", Severity.CRITICAL, "call-1")), "audit-1.zip", NOW, sealed)
    found = case(asked, name)
    assert (found.opened.at, found.candidates[0].stated) == (NOW, instant_text(sealed))


def test_every_reader_refuses_a_log_that_was_tampered_with(engagement: Engagement) -> None:
    name = opened(engagement, sighting())
    path = engagement.state / "cases" / f"{name}.jsonl"
    path.write_bytes(path.read_bytes().replace(b"too long", b"too lon9"))
    for read in (
        lambda: cases(engagement),
        lambda: case(engagement, name),
        lambda: history(engagement, name),
        lambda: opened(engagement, sighting("audit-2#RET")),
        lambda: record(engagement, name, Triage(), NOW, "Ann"),
    ):
        with pytest.raises(BrokenCaseLog):
            read()


def test_a_case_that_is_not_there_is_a_mistake_of_whoever_asks(engagement: Engagement) -> None:
    for read in (lambda: case(engagement, "case-9999"), lambda: record(engagement, "../x", Triage(), NOW, "Ann")):
        with pytest.raises(BadInput):
            read()


def test_after_a_change_of_keys_older_lines_verify_by_the_key_that_is_named(engagement: Engagement) -> None:
    opened(engagement, sighting())
    folder = engagement.folder
    (folder / "keys").rename(folder / "old-keys")
    make_keys(folder / "keys", "next seal", NOW)
    with pytest.raises(BrokenCaseLog, match="earlier_keys"):
        cases(open_engagement(folder, lambda _: None))
    edit(folder / "audit.yaml", "period:", "breach: {earlier_keys: [old-keys/trust/dsse-p256.pub]}\nperiod:")
    after = open_engagement(folder, lambda _: None)
    record(after, "case-0001", Triage(), NOW, "Ann")
    assert [line.entry["kind"] for line in history(after, "case-0001")] == ["opened", "triage"]
