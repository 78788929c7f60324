"""Evidence out of OpenAI's administration API: audit logs, data retention and residency.

Source: OpenAI's published OpenAPI description (`/v1/organization/...`). A change of data retention raises no event in
the audit log: what is polled is what is known, and only of the moment. A residency such as `EU_STORAGE` promises
storage alone; values are kept as stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from evidence.model import instant_text
from infra.family_rows import FamilyRows
from infra.source import Gathering, Source
from infra.web.client import Client, Request
from infra.web.inquiry import Inquiry, Page
from infra.web.listed import Repeated, Row, after, no_more, object_of, take, take_one, text_of

ROOT = "/v1/organization"
PAGE = "100"
FOLLOWING = after("after", "last_id")
_WHO = ("id", "email")
#: Characters of a project's id: it becomes part of a path.
LONGEST = 128
SNAPSHOT = "retention is known for this moment alone: a change of it is in no log"


@dataclass(slots=True)
class OpenAIGathering:
    """The inquiries of one organisation under way."""

    source: Source
    gathering: Gathering
    rows: FamilyRows
    client: Client
    identity: str
    seen: set[str] = field(default_factory=set)

    def audit_logs(self) -> None:
        """Read the audit log of the period."""
        asking = self._inquiry("audit_log")
        start, end = self.gathering.period.start, min(self.gathering.period.end, self.gathering.now())
        query = (
            ("effective_at[gte]", str(int(start.timestamp()))),
            ("effective_at[lt]", str(int(end.timestamp()))),
            ("limit", PAGE),
        )
        for page in asking.pages(Request(f"{ROOT}/audit_logs", query), FOLLOWING):
            take(asking, page, "data", self._event, self.rows)
        asking.finish()

    def retention(self) -> None:
        """Read the data retention of the organisation and of every project, and each project's residency."""
        asking = self._inquiry("settings")
        for page in asking.pages(Request(f"{ROOT}/data_retention"), no_more):
            take_one(asking, page, partial(_retention, scope="organization", when=self._when(page)), self.rows)
        projects: list[str] = []
        first = Request(f"{ROOT}/projects", (("include_archived", "true"), ("limit", PAGE)))
        for page in asking.pages(first, FOLLOWING):
            take(asking, page, "data", partial(_project, into=projects, when=self._when(page)), self.rows, SNAPSHOT)
        for project in projects:
            for page in asking.pages(Request(f"{ROOT}/projects/{project}/data_retention"), no_more):
                take_one(
                    asking, page, partial(_retention, scope=f"project/{project}", when=self._when(page)), self.rows
                )
        asking.finish()

    def _inquiry(self, *families: str) -> Inquiry:
        return Inquiry(self.gathering, self.source, self.client, self.identity, families)

    def _when(self, page: Page) -> str:
        moment = page.custody.finished
        if moment is None:
            raise TypeError("a page has the time at which it was whole")
        return instant_text(self.gathering.dated(moment))

    def _event(self, record: Any) -> Iterator[Row]:
        event, kind = text_of(record, "id"), text_of(record, "type")
        moment = record.get("effective_at")
        if type(moment) is not int or not 0 <= moment < 2**33:
            raise ValueError("no effective_at")
        if event in self.seen:
            raise Repeated
        self.seen.add(event)
        who, actor_type = _actor(record.get("actor"))
        detail = record.get(kind)  # a member named after the type holds what happened
        thing = detail.get("id") if isinstance(detail, dict) else None
        yield (
            "audit_log",
            {
                "event_id": event,
                "occurred_at": instant_text(datetime.fromtimestamp(moment, UTC)),
                "actor": who,
                "actor_type": actor_type,
                "action": kind,
                "resource": thing if isinstance(thing, str) else None,
                "outcome": "ok",
            },
        )


def _actor(actor: Any) -> tuple[str | None, str | None]:
    """Return who acted and as what: a session's user, or an API key and whose it is."""
    if not isinstance(actor, dict):
        return None, None
    kind = actor.get("type")
    part = actor.get(kind) if isinstance(kind, str) else None
    named = part if isinstance(part, dict) else {}
    user = named.get("user")
    whose = user if isinstance(user, dict) else named
    who = next((whose[name] for name in _WHO if isinstance(whose.get(name), str)), None)
    return who, kind if isinstance(kind, str) else None


def _retention(record: Any, scope: str, when: str) -> Iterator[Row]:
    row = {"setting": "data_retention", "scope": scope, "value": text_of(record, "type"), "captured_at": when}
    yield "settings", row


def _project(record: Any, into: list[str], when: str) -> Iterator[Row]:
    project = text_of(object_of(record), "id")
    if len(project) > LONGEST or not project.replace("_", "").replace("-", "").isalnum():
        raise ValueError("an id that is none")
    into.append(project)
    residency = record.get("residency")
    if isinstance(residency, str) and residency:
        scope = f"project/{project}"
        yield "settings", {"setting": "residency", "scope": scope, "value": residency, "captured_at": when}
