"""`probity notify` as a person and cron meet it: what it prints, what arrives, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.notify.outbox import Outbox
from tests.cli.engagements import edit, probity, trail, unjudged
from tests.infra.notify.services import Answer, Asked, Service, serving

pytestmark = pytest.mark.server
NOTIFY = """\
notify:
  channels: [{{kind: slack, name: chat, url: "${{CHAT}}", hosts: [127.0.0.1]}}]
"""


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(lambda _: Answer(body=b"ok")) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = unjudged(trail(tmp_path))
    (made / "audit.yaml").write_text((made / "audit.yaml").read_text() + NOTIFY.format())
    monkeypatch.setenv("CHAT", f"{service.address}/services/hunter2-hunter2")
    return made


def fails(folder: Path) -> None:
    """Let an audit fail: the locker cannot be made where a file is."""
    (folder / ".probity").mkdir()
    (folder / ".probity" / "locker").write_text("in the way")
    assert probity("audit", folder).code == 5


def listed(folder: Path) -> list[dict[str, object]]:
    found = probity("notify", folder, "--list", "--format", "json")
    assert found.code == 0
    return json.loads(found.out)["messages"]


def test_audit_that_fails_is_an_alert_and_one_that_runs_ends_it(folder: Path, service: Service) -> None:
    fails(folder)
    first = probity("notify", folder)
    assert (first.code, first.out) == (0, "0 put, 1 sent, 0 to try again, 0 given up\n")
    (folder / ".probity" / "locker").unlink()
    assert probity("audit", folder).code == 0
    assert probity("notify", folder).code == 0
    titles = [asked.json()["text"] for asked in service.asked]
    assert titles == ["alert: trail: the audit failed", "resolve: Over: run/trail"]


def test_audit_that_found_what_it_found_alerts_nobody(folder: Path) -> None:
    assert probity("audit", folder).code == 0
    assert listed(folder) == []


def test_chat_that_is_away_costs_nothing_but_time(folder: Path, service: Service) -> None:
    fails(folder)
    service.answer = lambda _: Answer(503)
    passed = probity("notify", folder)
    assert (passed.code, passed.out.splitlines()[0]) == (0, "0 put, 0 sent, 1 to try again, 0 given up")
    assert (listed(folder)[0]["state"], listed(folder)[0]["attempts"]) == ("waiting", 1)
    assert "hunter2" not in passed.out + passed.err


def test_message_that_is_given_up_is_our_failure_and_can_be_tried_again(folder: Path, service: Service) -> None:
    fails(folder)
    service.answer = lambda _: Answer(404)
    passed = probity("notify", folder)
    assert (passed.code, "answered 404" in passed.err) == (5, True)
    dead = str(listed(folder)[0]["id"])
    service.answer = lambda _: Answer(body=b"ok")
    assert probity("notify", folder).out.startswith("0 put, 0 sent")
    assert probity("notify", folder, "--retry", dead).out.startswith("0 put, 1 sent")
    assert listed(folder)[0]["state"] == "sent"


def test_retry_of_what_was_not_given_up_is_refused(folder: Path) -> None:
    refused = probity("notify", folder, "--retry", "msg_0")
    assert (refused.code, "N002" in refused.err) == (2, True)


def test_test_message_says_whether_it_arrived(folder: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert probity("notify", folder, "--test", "chat").out == "chat: delivered ok\n"
    assert "Test: this channel works" in service.asked[0].json()["text"]
    monkeypatch.delenv("CHAT")
    failed = probity("notify", folder, "--test", "chat")
    assert (failed.code, "CHAT is not set" in failed.err) == (5, True)
    unknown = probity("notify", folder, "--test", "phone")
    assert (unknown.code, "known are chat" in unknown.err) == (2, True)


def test_audit_needs_no_secret_of_a_channel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAT")
    assert probity("audit", folder).code == 0


def test_engagement_without_channels_is_told_what_to_write(folder: Path) -> None:
    edit(folder / "audit.yaml", NOTIFY.format(), "")
    refused = probity("notify", folder)
    assert (refused.code, "no channels are configured" in refused.err) == (2, True)


def test_list_shows_what_waits_and_why(folder: Path, service: Service) -> None:
    fails(folder)
    service.answer = lambda _: Answer(503)
    probity("notify", folder)
    shown = probity("notify", folder, "--list").out
    assert "chat  alert  waiting until" in shown
    assert "trail: the audit failed" in shown
    assert "127.0.0.1: answered 503" in shown


def test_damaged_outbox_is_our_failure(folder: Path) -> None:
    Outbox(folder / ".probity" / "outbox.db").entries()
    (folder / ".probity" / "outbox.db").write_bytes(b"not a database" * 1000)
    failed = probity("notify", folder)
    assert (failed.code, "cannot be used" in failed.err) == (5, True)


def unused(_: Asked) -> Answer:
    raise AssertionError("nothing is asked")


def test_listing_sends_nothing(folder: Path, service: Service) -> None:
    fails(folder)
    service.answer = unused
    assert len(listed(folder)) == 1
    assert service.asked == []
