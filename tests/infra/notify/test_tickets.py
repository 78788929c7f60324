"""Jira and ServiceNow: one ticket an incident, nothing said twice however an attempt ended."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.notify.channels.jira import Jira
from infra.notify.channels.servicenow import ServiceNow
from infra.notify.message import Kind
from tests.infra.notify.post_office import Office, message
from tests.infra.notify.services import Answer, Asked, Service, serving

pytestmark = pytest.mark.server
LATER = timedelta(hours=1)


def basic(asked: Asked) -> str:
    return base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()


@dataclass
class JiraSite:
    """As much of Jira Cloud as a project needs; its search lags behind until `indexed`."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[Any]] = field(default_factory=dict)
    moved: list[tuple[str, str]] = field(default_factory=list)
    indexed: bool = True
    cut: Callable[[Asked], bool] = lambda _: False

    def answer(self, asked: Asked) -> Answer:
        assert basic(asked) == "bot@acme.example:t0ken-of-the-bot"
        answer = self._answer(asked)
        return Answer(503) if self.cut(asked) else answer  # what was asked for was done, and nobody was told

    def _answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path.removeprefix("/rest/api/3")
        if path == "/issue":
            key = f"SEC-{len(self.issues) + 1}"
            self.issues[key] = {"labels": asked.json()["fields"]["labels"], "done": False, **asked.json()["fields"]}
            return Answer(201, {"key": key})
        if path == "/search/jql":
            label = re.search(r'labels = "([^"]+)"', asked.json()["jql"])
            assert label is not None
            found = [k for k, i in self.issues.items() if self.indexed and label[1] in i["labels"] and not i["done"]]
            return Answer(body={"issues": [{"key": k, "fields": {"labels": self.issues[k]["labels"]}} for k in found]})
        key, _, rest = path.removeprefix("/issue/").partition("/")
        if key not in self.issues:
            return Answer(404)
        if not rest:
            status = {"statusCategory": {"key": "done" if self.issues[key]["done"] else "new"}}
            return Answer(body={"key": key, "fields": {"labels": self.issues[key]["labels"], "status": status}})
        if rest == "transitions" and asked.method == "GET":
            return Answer(body={"transitions": [{"id": "31", "name": "Done"}]})
        if rest == "transitions":
            self.moved.append((key, asked.json()["transition"]["id"]))
            self.issues[key]["done"] = True
            return Answer(204, b"")
        if asked.method == "POST":
            self.comments.setdefault(key, []).append(asked.json()["body"])
            return Answer(201, {"id": "1"})
        return Answer(body={"comments": [{"body": body} for body in self.comments.get(key, [])]})


def jira(folder: Path, service: Service, **settings: Any) -> Office:
    where = {"name": "desk", "site": service.address, "project": "SEC", "user": "bot@acme.example", "token": "${TOKEN}"}
    return Office(folder, Jira.model_validate({**where, **settings}), variable={"TOKEN": "t0ken-of-the-bot"}.get)


def test_jira_opens_one_issue_and_comments_on_it_even_before_it_can_be_found(tmp_path: Path) -> None:
    site = JiraSite(indexed=False)
    with serving(site.answer) as service:
        office = jira(tmp_path, service)
        office.put(message("a"), message("b", kind=Kind.REMINDER), message("c", incident="case-2"))
        office.tick()
    assert sorted(site.issues) == ["SEC-1", "SEC-2"]
    assert [len(site.comments.get(key, [])) for key in ("SEC-1", "SEC-2")] == [1, 0]
    assert site.issues["SEC-1"]["summary"] == "subject of a"
    assert {e.key: e.receipt for e in office.outbox.entries()}["b"] == "SEC-1 commented"


def test_jira_issue_of_an_attempt_that_heard_no_answer_is_found_again(tmp_path: Path) -> None:
    site = JiraSite(cut=lambda asked: asked.path.endswith("/issue"))
    with serving(site.answer) as service:
        office = jira(tmp_path, service)
        office.put(message("a"))
        assert office.tick().waiting
        office.tick(LATER)
    assert list(site.issues) == ["SEC-1"]
    assert (site.comments, office.states()) == ({}, {"a": "sent"})


def test_jira_comment_of_an_attempt_that_heard_no_answer_is_not_made_twice(tmp_path: Path) -> None:
    site = JiraSite()
    with serving(site.answer) as service:
        office = jira(tmp_path, service)
        office.put(message("a"))
        office.tick()
        site.cut = lambda asked: asked.method == "POST" and asked.path.endswith("/comment")
        office.put(message("b"))
        assert office.tick().waiting
        office.tick(LATER)
    assert (len(site.comments["SEC-1"]), office.states()["b"]) == (1, "sent")


def test_jira_resolve_moves_the_issue_and_the_next_alert_opens_another(tmp_path: Path) -> None:
    site = JiraSite()
    with serving(site.answer) as service:
        office = jira(tmp_path, service, resolved="Done")
        office.put(message("a"), message("r", kind=Kind.RESOLVE), message("again"))
        office.tick()
    assert (site.moved, sorted(site.issues)) == ([("SEC-1", "31")], ["SEC-1", "SEC-2"])


def test_jira_without_that_transition_says_so(tmp_path: Path) -> None:
    site = JiraSite()
    with serving(site.answer) as service:
        office = jira(tmp_path, service, resolved="Released")
        office.put(message("a"), message("r", kind=Kind.RESOLVE))
        office.tick()
    assert "no transition 'Released'" in office.outbox.entries(key="r")[0].problem


def test_jira_resolve_of_what_was_never_opened_opens_nothing(tmp_path: Path) -> None:
    site = JiraSite()
    with serving(site.answer) as service:
        office = jira(tmp_path, service)
        office.put(message("r", kind=Kind.RESOLVE))
        office.tick()
    assert (site.issues, office.states()) == ({}, {"r": "sent"})


@dataclass
class Instance:
    """As much of ServiceNow's Table API as a table needs."""

    records: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cut: Callable[[Asked], bool] = lambda _: False

    def answer(self, asked: Asked) -> Answer:
        assert basic(asked) == "probity:pa55-word-of-it"
        answer = self._answer(asked)
        return Answer(503) if self.cut(asked) else answer

    def _answer(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.path)
        assert parts.path.startswith("/api/now/table/incident")
        if asked.method == "GET":
            wanted = parse_qs(parts.query)["sysparm_query"][0].split("^")[0].removeprefix("correlation_id=")
            active = [r for r in self.records if r["correlation_id"] == wanted and r["active"] == "true"]
            return Answer(body={"result": active[:1]})
        if asked.method == "POST":
            number = len(self.records) + 1
            made = {"sys_id": f"{number:032x}", "number": f"INC{number:07d}", "active": "true", **asked.json()}
            self.records.append(made)
            return Answer(201, {"result": made})
        record = next(r for r in self.records if parts.path.endswith(r["sys_id"]))
        record.update(asked.json())
        self.notes.append(asked.json()["work_notes"])
        if record.get("state") == "6":
            record["active"] = "false"
        return Answer(body={"result": record})


def servicenow(folder: Path, service: Service, **settings: Any) -> Office:
    where = {"name": "desk", "instance": service.address, "user": "probity", "password": "${WORD}"}
    return Office(folder, ServiceNow.model_validate({**where, **settings}), variable={"WORD": "pa55-word-of-it"}.get)


def test_servicenow_opens_one_record_and_notes_the_rest_on_it(tmp_path: Path) -> None:
    at = Instance()
    with serving(at.answer) as service:
        office = servicenow(tmp_path, service, fields={"assignment_group": "soc"})
        office.put(message("a"), message("b", kind=Kind.REMINDER))
        office.tick()
    assert [(r["short_description"], r["assignment_group"], r["urgency"]) for r in at.records] == [
        ("subject of a", "soc", "2")
    ]
    assert len(at.notes) == 1
    assert office.outbox.entries(key="a")[0].receipt.endswith("INC0000001")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_servicenow_is_told_nothing_twice_when_an_answer_was_lost(tmp_path: Path, method: str) -> None:
    at = Instance()
    with serving(at.answer) as service:
        office = servicenow(tmp_path, service)
        if method == "PATCH":
            office.put(message("first"))
            office.tick()
        at.cut = lambda asked: asked.method == method
        office.put(message("a"))
        assert office.tick().waiting
        office.tick(LATER)
    assert (len(at.records), len(at.notes), office.states()["a"]) == (1, int(method == "PATCH"), "sent")


def test_servicenow_resolve_sets_the_configured_fields(tmp_path: Path) -> None:
    at = Instance()
    with serving(at.answer) as service:
        office = servicenow(tmp_path, service, resolved={"state": "6", "close_code": "Resolved"})
        office.put(message("a"), message("r", kind=Kind.RESOLVE), message("again"))
        office.tick()
    assert [(r.get("state"), r.get("close_code")) for r in at.records] == [("6", "Resolved"), (None, None)]
