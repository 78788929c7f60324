"""A pass over clocks and messages: what becomes of findings, cases and failures, up to what services receive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.cases.entry import Approved, Closing, Entry, NotNotified, Reviewed, SetAside, Triage
from evidence.errors import BadInput, BrokenCaseLog, NotDelivered, OutputFailed, Place, Problem
from evidence.model import Severity, Status
from flows.alerts import alerting, audited
from flows.cases import AUTOMATIC, open_or_join, record
from flows.engagement import Engagement, open_engagement
from flows.notifying import Desk, open_desk, tick, try_channel
from flows.pipeline import Audited
from flows.undelivered import observe
from infra.examination import Examination, Outcome
from tests.checks.cases.story import addressed, classified, sighting
from tests.cli.engagements import trail, unjudged
from tests.flows.test_cases import finding, result
from tests.infra.notify.post_office import notice
from tests.infra.notify.services import Answer, Service, serving

pytestmark = pytest.mark.server
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTIFY = """\
breach: {{triage: 24h}}
notify:
  channels:
    - {{kind: webhook, name: hook, url: "{0}/hook", secret: "${{HOOK}}"}}
    - {{kind: pagerduty, name: pager, endpoint: "{0}", routing_key: "${{PAGER}}"}}
  alerts: [hook]
  escalation: {{audiences: [[pager], [hook]]}}
  heartbeat: {{url: "${{BEAT}}"}}
"""


class Watch:
    """An engagement whose messages go to one service, and a clock that moves when it is told to."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.service = service
        self.now = NOW
        self.variables = {
            "HOOK": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "PAGER": "R" * 32,
            "BEAT": f"{service.address}/beat",
        }
        (folder / "audit.yaml").write_text((folder / "audit.yaml").read_text() + NOTIFY.format(service.address))
        self.engagement = open_engagement(folder, self.variables.get)

    @property
    def desk(self) -> Desk:
        return open_desk(self.engagement, lambda: self.now, self.variables.get, lambda: 0.0)

    def said(self, path: str = "/v2/enqueue") -> list[Any]:
        return [asked.json() for asked in self.service.asked if asked.path == path]

    def pages(self) -> list[tuple[str, str]]:
        return [(one["event_action"], one["dedup_key"]) for one in self.said()]


@contextmanager
def watching(folder: Path, **answers: Any) -> Iterator[Watch]:
    with serving(lambda asked: answers.get(asked.path.rpartition("/")[2], Answer())) as service:
        yield Watch(unjudged(trail(folder)), service)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with watching(tmp_path) as found:
        yield found


def opened(engagement: Engagement) -> str:
    return open_or_join(engagement, sighting(), NOW, AUTOMATIC)


def done(*statuses: tuple[str, Status], unreached: tuple[str, ...] = (), failure: str = "") -> Audited:
    findings = [replace_status(name, status) for name, status in statuses]
    return Audited(result(*findings), "/srv/bundles/audit-trail-1.zip", (), failure, unreached)


def replace_status(name: str, status: Status) -> Any:
    return finding(name, Severity.MAJOR).model_copy(update={"status": status})


def test_triage_clock_pages_once_then_asks_one_more_and_is_over_when_the_case_is_closed(watch: Watch) -> None:
    name = opened(watch.engagement)
    for _ in range(3):
        tick(watch.desk)
    incident = f"clock/trail/{name}/triage"
    assert watch.pages() == [("trigger", incident)]
    watch.now += 12 * HOUR
    tick(watch.desk)
    assert [one["data"]["subject"] for one in watch.said("/hook")] == [
        f"{name}: triage due 2026-11-30 09:00 UTC, 50% of the time is gone"
    ]
    record(watch.engagement, name, NotNotified(reason="test data"), watch.now, "Ann")
    record(watch.engagement, name, Closing(reason="nothing more"), watch.now, "Ann")
    for _ in range(2):
        tick(watch.desk)
    assert watch.pages() == [("trigger", incident)] * 2 + [("resolve", incident)]


def test_case_whose_clocks_cannot_start_reminds_people_until_somebody_decides(watch: Watch) -> None:
    name = opened(watch.engagement)
    record(watch.engagement, name, classified(), NOW, "Ann")
    record(watch.engagement, name, SetAside(name="aware", candidate=1, reason="a false alarm"), NOW, "Ann")
    incident = f"clock/trail/{name}/anchor"
    for hours in (0, 12, 24):
        watch.now = NOW + hours * HOUR
        tick(watch.desk)
    asked = [about for action, about in watch.pages() if action == "trigger"]
    assert asked == [incident] * 3
    assert f"{name}: anchor was due 2026-11-30 09:00 UTC" in [one["data"]["subject"] for one in watch.said("/hook")]
    record(watch.engagement, name, NotNotified(reason="a false alarm"), watch.now, "Ann")
    tick(watch.desk)
    assert watch.pages()[-1] == ("resolve", incident)


def test_pager_hears_that_somebody_took_the_case_up(watch: Watch) -> None:
    name = opened(watch.engagement)
    tick(watch.desk)
    watch.now += HOUR
    record(watch.engagement, name, Triage(), watch.now, "Ann")
    for _ in range(2):
        tick(watch.desk)
    assert [action for action, _ in watch.pages()] == ["trigger", "acknowledge"]


def test_changed_case_log_is_an_alert_of_its_own_and_stops_no_other_message(watch: Watch) -> None:
    name = opened(watch.engagement)
    log = next((watch.engagement.state / "cases").glob(f"{name}*"))
    log.write_bytes(log.read_bytes().replace(b"record-1", b"record-2"))
    watch.desk.outbox.put(notice("n", "hook", incident=name, created=NOW))
    ticked = tick(watch.desk)
    assert isinstance(ticked.broken, BrokenCaseLog)
    assert [one["data"]["incident"] for one in watch.said("/hook")] == ["cases/trail"]
    assert "does not verify" in next(iter(ticked.delivered.waiting.values()))
    assert watch.said("/beat") == []


def test_notice_that_nobody_approved_in_its_case_never_leaves(watch: Watch) -> None:
    name = opened(watch.engagement)
    watch.desk.outbox.put(notice("n", "hook", incident=name, created=NOW))
    assert "approval no longer stands" in next(iter(tick(watch.desk).delivered.dead.values()))
    assert all(one["type"] != "probity.notice" for one in watch.said("/hook"))


@pytest.mark.parametrize(("approved", "leaves"), [("hook", True), ("pager", False), ("", False)])
def test_approved_notice_leaves_to_the_addressee_it_is_approved_for_alone(
    watch: Watch, approved: str, leaves: bool
) -> None:
    name = opened(watch.engagement)
    drafted = addressed(approved)
    steps: tuple[tuple[str, Entry], ...] = (
        ("Ann", classified()),
        ("Ann", drafted),
        ("Bob", Reviewed(notice="N-1", sha256=drafted.sha256)),
        ("Bob", Approved(notice="N-1", sha256=drafted.sha256)),
    )
    for who, entry in steps:
        record(watch.engagement, name, entry, NOW, who)
    watch.desk.outbox.put(notice("n", "hook", text=drafted.text, incident=name, created=NOW))
    ticked = tick(watch.desk)
    assert any(one["type"] == "probity.notice" for one in watch.said("/hook")) is leaves
    assert any("with this text and addressee" in why for why in ticked.delivered.dead.values()) is not leaves


def test_outside_monitor_hears_of_good_passes_only(watch: Watch) -> None:
    tick(watch.desk)
    assert len(watch.said("/beat")) == 1
    watch.desk.outbox.put(notice("n", "pager", incident="case-9", created=NOW))
    assert tick(watch.desk).delivered.dead
    assert len(watch.said("/beat")) == 1


def test_monitor_that_does_not_answer_fails_nothing(tmp_path: Path) -> None:
    with watching(tmp_path, beat=Answer(500)) as watch:
        ticked = tick(watch.desk)
    assert ticked.broken is None
    assert "not told that all is well" in ticked.notes[0]


def test_broken_promise_is_told_once_a_period_and_is_over_when_it_is_kept_again(watch: Watch) -> None:
    for _ in range(2):
        audited(watch.engagement, done(("RET", Status.BREACHED), ("RES", Status.UNPROVEN)), NOW)
        tick(watch.desk)
    watch.now += HOUR
    audited(watch.engagement, done(("RET", Status.MET)), watch.now)
    tick(watch.desk)
    said = [(one["type"], one["data"]["subject"]) for one in watch.said("/hook")]
    assert said == [
        ("probity.alert", "trail: RET is breached"),
        ("probity.resolve", "Over: finding/trail/RET/2026-11-01T00:00:00Z"),
    ]
    assert "it ran in Ohio" not in str(watch.said("/hook"))


def test_promise_whose_breach_opens_a_case_pages_by_the_cases_clock_alone(watch: Watch) -> None:
    grave = Audited(result(finding("RET", Severity.CRITICAL)), "b.zip", ())
    audited(watch.engagement, grave, NOW)
    assert watch.desk.outbox.entries() == []


def test_source_that_could_not_be_reached_is_told_and_is_over_when_it_answers(watch: Watch) -> None:
    audited(watch.engagement, done(unreached=("openai: api.openai.com/v1/x: answered 401",)), NOW)
    watch.now += HOUR
    audited(watch.engagement, done(), watch.now)
    tick(watch.desk)
    said = [(one["type"], one["data"]["incident"]) for one in watch.said("/hook")]
    assert said == [("probity.alert", "source/trail/openai"), ("probity.resolve", "source/trail/openai")]


def test_audit_that_failed_is_an_alert_once_a_day_and_is_over_when_one_ran(watch: Watch) -> None:
    for _ in range(2):
        with pytest.raises(OutputFailed), alerting(watch.engagement.folder, watch.variables.get, lambda: NOW, mask):
            raise OutputFailed("the disk is full of hunter2")
    watch.now += HOUR
    audited(watch.engagement, done(), watch.now)
    tick(watch.desk)
    said = watch.said("/hook")
    assert [one["type"] for one in said] == ["probity.alert", "probity.resolve"]
    assert said[0]["data"]["severity"] == "critical"
    assert said[0]["data"]["text"].startswith("the disk is full of ***\n")


def mask(text: str) -> str:
    return text.replace("hunter2", "***")


@pytest.mark.parametrize("unattended", [False, True])
def test_mistake_in_an_input_is_an_alert_only_when_nobody_is_there_to_see_it(watch: Watch, unattended: bool) -> None:
    mistake = BadInput(Problem("K001", "the key has expired", Place("audit.yaml")))
    asked = (watch.engagement.folder, watch.variables.get, lambda: NOW, str, unattended)
    with pytest.raises(BadInput), alerting(*asked):
        raise mistake
    assert len(watch.desk.outbox.entries()) == unattended


def test_failure_of_an_engagement_without_channels_goes_on_as_it_is(tmp_path: Path) -> None:
    folder = unjudged(trail(tmp_path))
    with pytest.raises(ZeroDivisionError), alerting(folder, os.environ.get, lambda: NOW, str):
        raise ZeroDivisionError
    assert not (folder / ".probity" / "outbox.db").exists()


def test_doctor_sees_secrets_that_are_missing_and_messages_that_were_given_up(watch: Watch) -> None:
    at = Examination(watch.engagement.folder, lambda: NOW, watch.variables.get)
    notify = watch.desk.notify
    assert [(one.outcome, one.detail) for one in observe(watch.engagement, notify, at)] == [
        (Outcome.FINE, "3 variables are set")
    ]
    watch.variables.pop("PAGER")
    opened(watch.engagement)
    tick(watch.desk)
    secrets, messages = observe(watch.engagement, notify, at)
    assert (secrets.outcome, secrets.detail.split(";")[0]) == (Outcome.WARNING, "PAGER not set here")
    assert (messages.outcome, messages.detail.split(",")[0]) == (Outcome.WARNING, "1 given up")


def test_test_message_goes_at_once_and_leaves_nothing_behind(watch: Watch) -> None:
    assert try_channel(watch.desk, "hook").detail == "answered 200"
    assert watch.desk.outbox.entries() == []
    watch.variables.pop("PAGER")
    with pytest.raises(NotDelivered, match="PAGER is not set"):
        try_channel(replace(watch.desk), "pager")
