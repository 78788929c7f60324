"""Anthropic's APIs as a source: paging, what each record becomes, faults that are seen, accesses proven in the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evidence.errors import BadInput, NotLogged
from evidence.locker import Locker
from evidence.model import ExtractionCard, Period
from infra import transparency_log as axt
from infra.anthropic_api import FAMILIES, FEED, AnthropicGathering
from infra.family_rows import FamilyRows
from infra.source import Gathered, Gathering
from infra.sources.anthropic import Anthropic
from infra.web.client import Bounds, Client
from infra.web.retry import Retry
from tests.infra.anthropic_server import ORG, Vendor, access, activity, public_key
from tests.vendor_server import Reply, serving

NOW = datetime(2026, 10, 2, tzinfo=UTC)
PERIOD = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
SECRET = "sk-ant-api01-not-to-be-seen"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "vendor-apis"


def gathering(folder: Path) -> Gathering:
    return Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / f"tables-{len(list(folder.glob('tables-*')))}",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: f"token:{value[:2]}",
        journals=folder / "journals",
        variable={"KEY": SECRET, "ADMIN_KEY": SECRET}.get,
    )


def read(folder: Path, vendor: Vendor, *names: str) -> Gathered:
    """Ask for what is named with a client that neither waits nor keeps a rate."""
    at = gathering(folder)
    source = Anthropic(organization=ORG, credential="KEY", reads=names)  # type: ignore[arg-type]
    with serving(vendor.answer) as server, FamilyRows(at, "anthropic", FAMILIES) as rows:
        headers = {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}
        bounds, retry = Bounds(per_second=1e6), Retry(attempts=2)
        asking = AnthropicGathering(source, at, ORG, rows, public_key())
        allowed = frozenset({"127.0.0.1"})
        with Client(server.address, headers, allowed, at.now, lambda _: None, bounds=bounds, retry=retry) as client:
            for name in names:
                getattr(asking, name)(client, "KEY …seen")
        rows.keep()
    return at.gathered()


def table(found: Gathered, name: str) -> list[dict[str, Any]]:
    return [row for path in found.tables[name] for row in pq.read_table(path).to_pylist()]


def said(found: Gathered) -> str:
    return " ".join(problem for card in found.cards for problem in card.problems)


def incomplete(found: Gathered) -> list[ExtractionCard]:
    return [card for card in found.cards if not card.complete]


def test_every_activity_is_a_row_whatever_the_pages(tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([activity(n) for n in range(5)]), "activities")
    assert [row["event_id"] for row in table(found, "audit_log")] == [f"activity_{n:03d}" for n in range(5)]
    assert {row["actor"] for row in table(found, "audit_log")} == {"token:ad"}
    assert [card.rows for card in found.cards] == [2, 2, 1, 0]
    assert not incomplete(found)
    assert "created_at.lt=2026-10-01T23%3A59%3A00Z" in found.cards[0].query


def test_an_activity_that_comes_twice_counts_once(tmp_path: Path) -> None:
    vendor = Vendor([activity(0), activity(1), activity(1, id="activity_001"), activity(2)], size=4)
    found = read(tmp_path, vendor, "activities")
    assert (found.cards[0].rows, found.cards[0].duplicates) == (3, 1)


@pytest.mark.parametrize(
    "record",
    [5, None, [], {}, {"id": "a"}, activity(1, created_at=None), activity(1, kind="platform_workspace_updated")],
)
def test_a_record_that_is_not_as_documented_is_lost_and_counted(record: Any, tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([activity(0), record, activity(2)], size=9), "activities")
    assert (found.cards[0].rows, found.cards[0].unreadable) == (2, 1)
    assert "record 2" in said(found)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(status=401), "expired"),
        (Reply(status=429, headers={"Retry-After": "0"}), "answered 429"),
        (Reply({"data": {}}), "no list"),
        (Reply({"data": []}), "does not say whether"),
        (Reply({"data": [], "has_more": True, "last_id": None}), "gives no last_id"),
        (Reply(b"<html>"), "no list"),
        (Reply(b"[" * 100_000), "no list"),
    ],
)
def test_a_fault_makes_the_feed_incomplete_for_all_it_gives(reply: Reply, why: str, tmp_path: Path) -> None:
    found = read(tmp_path, Vendor(broken={"/v1/compliance/activities": reply}), "activities")
    assert why in said(found)
    assert {name for card in incomplete(found) for name in card.families} == set(FEED)


def test_changes_of_settings_are_kept_as_they_are_stated(tmp_path: Path) -> None:
    disabled = activity(
        1, "platform_workspace_inference_data_retention_disabled", workspace_id="w1", previous_value=True
    )
    moved = activity(
        2,
        "org_data_residency_updated",
        updates=[{"type": "allowed_inference_geos", "previous_value": "us", "current_value": "unrestricted"}],
    )
    rows = table(read(tmp_path, Vendor([disabled, moved]), "activities"), "settings")
    assert [(row["setting"], row["scope"], row["value"]) for row in rows] == [
        ("platform_workspace_inference_data_retention_disabled", "workspace/w1", "true"),
        ("allowed_inference_geos", "workspace/default", "unrestricted"),
    ]


def test_uploads_and_batches_are_features_in_use(tmp_path: Path) -> None:
    vendor = Vendor([activity(1, "platform_file_uploaded"), activity(2, "platform_message_batch_created")])
    rows = table(read(tmp_path, vendor, "activities"), "feature_usage")
    assert [row["feature"] for row in rows] == ["Files API", "Batch processing"]


def test_effective_settings_say_what_is_there_and_nothing_of_what_is_not(tmp_path: Path) -> None:
    periods = {"chat": {"type": "fixed", "timescale": "day", "duration": 30}}
    vendor = Vendor(
        settings=[{"name": "data_retention_periods", "value": periods}, {"name": "sso_enabled", "value": True}]
    )
    rows = table(read(tmp_path, vendor, "settings"), "settings")
    assert [(row["setting"], row["value"]) for row in rows] == [
        ("data_retention_periods", json.dumps(periods, sort_keys=True)),
        ("sso_enabled", "true"),
    ]


def test_workspaces_state_what_may_be_asked_for_and_that_the_default_one_is_missing(tmp_path: Path) -> None:
    residency = {"workspace_geo": "us", "allowed_inference_geos": ["us"], "default_inference_geo": "us"}
    found = read(tmp_path, Vendor(workspaces=[{"id": "w1", "data_residency": residency}]), "workspaces")
    assert [(row["setting"], row["scope"], row["value"]) for row in table(found, "settings")] == [
        ("workspace_geo", "workspace/w1", "us"),
        ("allowed_inference_geos", "workspace/w1", '["us"]'),
        ("default_inference_geo", "workspace/w1", "us"),
    ]
    assert "default workspace" in said(found)


def test_usage_names_features_models_and_what_was_asked_for_but_no_place(tmp_path: Path) -> None:
    result = {"model": "claude-sonnet-4-6", "service_tier": "standard", "inference_geo": "global", "workspace_id": None}
    batch = result | {"service_tier": "batch", "server_tool_use": {"web_search_requests": 3}}
    found = read(tmp_path, Vendor(usage=[{"starting_at": "2026-10-01T00:00:00Z", "results": [result, batch]}]), "usage")
    assert [row["feature"] for row in table(found, "feature_usage")] == [
        "Messages API",
        "Batch processing",
        "Web search",
    ]
    assert {(row["setting"], row["value"]) for row in table(found, "settings")} == {("inference_geo", "global")}
    assert "cannot be shown" in said(found)
    assert "processing_activity" not in found.tables


@pytest.mark.parametrize(
    ("whose", "why"),
    [
        (Reply({"type": "organization", "id": ORG.replace("25f", "35f")}), "and not of"),
        (Reply({"type": "organization", "id": 5}), "does not say"),
        (Reply([ORG]), "does not say"),
        (Reply(b"<html>"), "does not say"),
        (Reply(b"[" * 100_000), "does not say"),
        (Reply(status=403), "answered 403"),
    ],
)
@pytest.mark.parametrize(("name", "families"), [("workspaces", {"settings"}), ("usage", {"feature_usage", "settings"})])
def test_what_a_key_reads_that_is_not_shown_to_be_the_organisations_is_not_read(
    name: str, families: set[str], whose: Reply, why: str, tmp_path: Path
) -> None:
    vendor = Vendor(
        workspaces=[{"id": "w1", "data_residency": {"workspace_geo": "eu"}}],
        usage=[{"starting_at": "2026-10-01T00:00:00Z", "results": [{"model": "m", "inference_geo": "eu"}]}],
        broken={"/v1/organizations/me": whose},
    )
    found = read(tmp_path, vendor, name)
    assert [table(found, family) for family in FAMILIES] == [[]] * len(FAMILIES)
    assert {family for card in incomplete(found) for family in card.families} == families
    assert why in said(found)


def logged(*numbers: int) -> Vendor:
    events = [access(n, index) for index, n in enumerate(numbers)]
    vendor = Vendor(list(events), size=9)
    vendor.log(*events)
    return vendor


def test_an_access_is_an_event_and_its_leaf_is_in_the_signed_log(tmp_path: Path) -> None:
    found = read(tmp_path, logged(1, 2, 3), "activities")
    assert [row["purpose"] for row in table(found, "access_events")] == ["safety_review"] * 3
    assert not incomplete(found), said(found)
    assert sum("inclusion" in card.query for card in found.cards) == 3


@pytest.mark.parametrize("name", ["reason_code", "accessed_at", "accessor_department", "workspace_id", "created_at"])
def test_an_access_that_was_rewritten_is_not_in_the_log(name: str, tmp_path: Path) -> None:
    vendor = logged(1, 2, 3)
    vendor.activities[1] = vendor.activities[1] | {name: "2026-10-01T09:59:59Z"}
    found = read(tmp_path, vendor, "activities")
    assert "LEDGER_INCLUSION" in said(found)
    assert {name for card in incomplete(found) for name in card.families} == {"access_events"}


def test_an_access_without_its_place_in_the_log_is_not_proven(tmp_path: Path) -> None:
    vendor = logged(1, 2)
    vendor.activities[0].pop("transparency_log_leaf_index")
    vendor.broken["/v1/compliance/transparency_log/inclusion"] = Reply(status=404)
    assert incomplete(read(tmp_path, vendor, "activities"))


def test_a_log_that_forgot_what_an_earlier_audit_saw_is_noticed(tmp_path: Path) -> None:
    read(tmp_path, logged(1, 2, 3), "activities")
    assert not incomplete(read(tmp_path, logged(1, 2, 3, 4), "activities"))
    rewritten = read(tmp_path, logged(9, 2, 3, 4, 5), "activities")
    assert "LEDGER_CONSISTENCY" in said(rewritten)


def test_a_checkpoint_by_another_key_proves_nothing(tmp_path: Path) -> None:
    vendor = logged(1)
    with pytest.raises(NotLogged, match="AXT_WRONG_KEY"):
        axt.signed_checkpoint(vendor.checkpoint().encode(), ORG)


def test_a_checkpoint_of_another_organisation_proves_nothing() -> None:
    with pytest.raises(NotLogged, match="AXT_WRONG_KEY"):
        axt.signed_checkpoint(logged(1).checkpoint().encode(), ORG.replace("25f", "35f"), public_key())


@pytest.mark.skipif(not SHARED.exists(), reason="the published vector is not here")
def test_the_published_leaf_is_reproduced() -> None:
    import base64  # noqa: PLC0415

    from evidence.merkle import leaf_hash  # noqa: PLC0415

    vector = json.loads((SHARED / "axt-verify" / "axt_key_and_leaf_vector.json").read_text())
    leaf = axt.leaf_of(vector["doc_leaf_vector"]["served"])
    assert base64.b64encode(leaf_hash(leaf)).decode() == vector["doc_leaf_vector"]["expected_leaf_hash_b64"]
    assert vector["builtin_signing_key_spki_b64"] == axt.SIGNING_KEY


def test_the_source_reads_with_the_key_its_variable_holds_and_shows_only_its_end(tmp_path: Path) -> None:
    at = gathering(tmp_path)
    with serving(Vendor([activity(1)]).answer) as server:
        Anthropic(organization=ORG, credential="KEY", endpoint=server.address).gather(at)
        assert {headers["x-api-key"] for headers in server.headers_seen} == {SECRET}
    cards = [card.as_json() for card in at.gathered().cards]
    assert {card["identity"] for card in cards} == {"KEY …seen"}
    assert SECRET not in json.dumps(cards)


def test_a_credential_that_is_not_there_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="OTHER_KEY"):
        Anthropic(organization=ORG, credential="OTHER_KEY").gather(gathering(tmp_path))


def test_reading_usage_needs_an_admin_key(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="admin_credential"):
        Anthropic(organization=ORG, credential="KEY", reads=("usage",)).gather(gathering(tmp_path))
