"""OpenAI's administration API as a source: the audit log, and retention that is polled because no log has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from evidence.locker import Locker
from evidence.model import Period
from infra.source import Gathered, Gathering
from infra.sources.openai import OpenAI
from tests.vendor_server import Params, Reply, serving

NOW = datetime(2026, 10, 2, tzinfo=UTC)
PERIOD = Period.of(datetime(2026, 10, 1, tzinfo=UTC), NOW)
ORGANIZATION = "org-acme"
SECRET = "sk-admin-not-to-be-seen"
SESSION = {
    "type": "session",
    "session": {"user": {"id": "user-1", "email": "u@example.com"}, "ip_address": "192.0.2.1"},
}
KEY = {"type": "api_key", "api_key": {"id": "key_1", "type": "user", "user": {"id": "user-2"}}}


def event(number: int, actor: Any = SESSION, **more: Any) -> dict[str, Any]:
    kind = "organization.updated"
    return (
        {"id": f"audit_log-{number}", "type": kind, "effective_at": 1790842446 + number, "actor": actor}
        | {kind: {"id": "org-abc", "changes_requested": {"api_call_logging": "disabled"}}}
        | more
    )


EVENTS = [event(0), event(1, KEY), event(2)]
ANSWERS: dict[str, Any] = {
    "/v1/organization/data_retention": {"object": "organization.data_retention", "type": "zero_data_retention"},
    "/v1/organization/projects": {
        "data": [{"id": "proj_a", "residency": "EU_STORAGE"}, {"id": "proj_b"}],
        "has_more": False,
    },
    "/v1/organization/projects/proj_a/data_retention": {"type": "organization_default"},
    "/v1/organization/projects/proj_b/data_retention": {"type": "modified_abuse_monitoring"},
}


def gathered(
    folder: Path,
    events: list[Any] = EVENTS,
    as_of: datetime | None = None,
    organization: str = ORGANIZATION,
    **changes: Any,
) -> Gathered:
    def answer(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        assert headers["authorization"] == f"Bearer {SECRET}"
        if headers["openai-organization"] != ORGANIZATION:
            return Reply({"error": {"code": "mismatched_organization"}}, 401)
        if path.endswith("audit_logs"):
            ids = [one.get("id") if isinstance(one, dict) else None for one in events]
            start = ids.index(dict(params)["after"]) + 1 if "after" in dict(params) else 0
            shown = events[start : start + 2]
            return Reply({"data": shown, "has_more": start + 2 < len(events), "last_id": ids[start + len(shown) - 1]})
        found = (ANSWERS | changes)[path]
        return found if isinstance(found, Reply) else Reply(found)

    at = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=PERIOD,
        now=lambda: NOW,
        as_of=as_of,
        token=lambda value: f"token:{value}",
        variable={"OPENAI_ADMIN_KEY": SECRET}.get,
    )
    with serving(answer) as server:
        OpenAI(credential="OPENAI_ADMIN_KEY", endpoint=server.address, organization=organization).gather(at)
    return at.gathered()


def table(found: Gathered, name: str) -> list[dict[str, Any]]:
    return [row for path in found.tables[name] for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize(("named", "told"), [(ORGANIZATION, True), ("org-another", False)])
def test_a_key_of_another_organization_than_is_named_is_refused(named: str, told: bool, tmp_path: Path) -> None:
    found = gathered(tmp_path, organization=named)
    assert bool(table(found, "settings")) is told
    assert all(card.complete for card in found.cards) is told


def test_a_source_that_does_not_say_whose_it_is_is_refused() -> None:
    """A key of any organisation would do: no answer says whose it is."""
    with pytest.raises(ValidationError, match="organization"):
        OpenAI.model_validate({"credential": "OPENAI_ADMIN_KEY"})


def test_every_event_is_a_row_with_who_acted(tmp_path: Path) -> None:
    rows = table(gathered(tmp_path), "audit_log")
    assert [(row["event_id"], row["actor"], row["actor_type"], row["resource"]) for row in rows] == [
        ("audit_log-0", "token:user-1", "session", "org-abc"),
        ("audit_log-1", "token:user-2", "api_key", "org-abc"),
        ("audit_log-2", "token:user-1", "session", "org-abc"),
    ]
    assert rows[0]["occurred_at"] == datetime(2026, 10, 1, 8, 14, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "record", [7, {}, event(5, effective_at="soon"), event(5, effective_at=True), event(5, type=None)]
)
def test_an_event_that_is_not_as_documented_is_lost_and_counted(record: Any, tmp_path: Path) -> None:
    found = gathered(tmp_path, [event(0), record])
    assert (found.cards[0].rows, found.cards[0].unreadable) == (1, 1)


def test_an_event_on_two_pages_counts_once(tmp_path: Path) -> None:
    found = gathered(tmp_path, [event(0), event(1), event(2), event(0)])
    assert sum(card.duplicates for card in found.cards) == 1
    assert len(table(found, "audit_log")) == 3


def test_retention_and_residency_are_settings_as_stated(tmp_path: Path) -> None:
    rows = table(gathered(tmp_path), "settings")
    assert {(row["setting"], row["scope"], row["value"]) for row in rows} == {
        ("data_retention", "organization", "zero_data_retention"),
        ("residency", "project/proj_a", "EU_STORAGE"),
        ("data_retention", "project/proj_a", "organization_default"),
        ("data_retention", "project/proj_b", "modified_abuse_monitoring"),
    }


@pytest.mark.parametrize("path", sorted(ANSWERS))
def test_a_refusal_anywhere_makes_settings_incomplete(path: str, tmp_path: Path) -> None:
    found = gathered(tmp_path, **{path: Reply(status=403)})
    assert [card.families for card in found.cards if not card.complete] == [("settings",)]


@pytest.mark.parametrize("name", ["../../admin", "p" * 70_000])
def test_a_project_whose_id_is_a_path_is_not_asked_for(name: str, tmp_path: Path) -> None:
    projects = {"data": [{"id": name}], "has_more": False}
    found = gathered(tmp_path, **{"/v1/organization/projects": projects})
    assert any(card.unreadable for card in found.cards)


def test_a_project_that_two_pages_list_is_one_project(tmp_path: Path) -> None:
    listed = [{"id": "proj_a", "residency": "EU_STORAGE"}] * 2
    found = gathered(tmp_path, **{"/v1/organization/projects": {"data": listed, "has_more": False}})
    (page,) = [card for card in found.cards if card.address.endswith("/projects")]
    assert (page.rows, page.duplicates) == (1, 1)


@pytest.mark.parametrize(
    ("ago", "dated"), [(timedelta(minutes=9), timedelta(minutes=9)), (timedelta(days=9), timedelta())]
)
def test_settings_are_dated_to_the_audit_that_asks_unless_it_is_long_past(
    ago: timedelta, dated: timedelta, tmp_path: Path
) -> None:
    rows = table(gathered(tmp_path, as_of=NOW - ago), "settings")
    assert {row["captured_at"] for row in rows} == {NOW - dated}
