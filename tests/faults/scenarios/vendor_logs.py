"""Anthropic's activity feed and OpenAI's audit log: pages of events that a gateway counted as well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from infra.source import Gathering
from infra.sources.anthropic import Anthropic
from infra.sources.openai import OpenAI
from tests.faults.scenario import LOGGED, SECRET, START, Fault, Rows, Scenario, counted, over_http
from tests.faults.wire import HTTP, spoiled
from tests.infra.anthropic_server import ORG, Vendor, activity
from tests.vendor_server import Handler, Params, Reply

EVENTS = 7


class AnthropicFeed(Scenario):
    kind, faults, clause = "anthropic", HTTP, LOGGED
    identity = {"audit_log": ("event_id",), "settings": ("setting", "scope", "value")}
    altering = frozenset({"drift"})

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        vendor = Vendor(
            [activity(n) for n in range(EVENTS)],
            settings=[{"name": "sso_enabled", "type": "boolean", "value": True}],
            workspaces=[{"id": f"w{n}", "data_residency": {"workspace_geo": "eu"}} for n in range(3)],
        )
        if bad:
            vendor.activities[3] |= {"actor": {}}
        reads = ("activities", "settings", "workspaces")

        def source(address: str) -> Anthropic:
            return Anthropic(organization=ORG, credential="KEY", admin_credential="KEY", reads=reads, endpoint=address)

        return over_http(at, vendor.answer, fault, source, spoiled)

    def beside(self, *, bad: bool) -> Rows:
        return counted(EVENTS)


class OpenAILog(Scenario):
    kind, faults, clause = "openai", HTTP, LOGGED
    identity = {"audit_log": ("event_id",), "settings": ("setting", "scope", "value")}
    altering = frozenset({"drift"})

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        def source(address: str) -> OpenAI:
            return OpenAI(organization="org-acme", credential="KEY", endpoint=address)

        return over_http(at, _openai(bad=bad), fault, source, spoiled)

    def beside(self, *, bad: bool) -> Rows:
        return counted(EVENTS)


def _openai(*, bad: bool) -> Handler:
    def event(number: int) -> dict[str, Any]:
        user = {"type": "session", "session": {"user": {"id": f"user-{number}", "email": f"u{number}@example.com"}}}
        kind, moment = "project.updated", int((START + timedelta(hours=1 + number)).timestamp())
        actor = {} if bad and number == 3 else user
        return {"id": f"audit_log-{number}", "type": kind, "effective_at": moment, "actor": actor, kind: {"id": "p"}}

    projects = [{"id": f"proj_{name}", "residency": "EU_STORAGE"} for name in "abc"]
    listed = {"audit_logs": [event(n) for n in range(EVENTS)], "projects": projects}

    def answer(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        if headers.get("authorization") != f"Bearer {SECRET}":
            return Reply({"error": {}}, 401)
        if path.endswith("data_retention"):
            return Reply({"object": "data_retention", "type": "zero_data_retention"})
        things = listed[path.rpartition("/")[2]]
        ids = [thing["id"] for thing in things]
        after = dict(params).get("after")
        start = ids.index(after) + 1 if after in ids else 0
        shown = things[start : start + 2]
        more = start + 2 < len(things)
        return Reply({"data": shown, "has_more": more, "last_id": shown[-1]["id"] if shown else None})

    return answer


SCENARIOS: dict[str, Scenario] = {"anthropic": AnthropicFeed(), "openai": OpenAILog()}
