"""Logs of Azure and Google out of the `files` source: what is a row, where a call ran, and what is never copied."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from evidence.model import Status
from infra.limits import Limits
from infra.source import Gathered
from tests.infra.engagements import JUNE, Engagement, rows_of
from tests.world import contract_of

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vendor-apis" / "format-examples"
ACCOUNT = "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/CLAIMS-WEU"
MODEL = "projects/proj/locations/europe-west1/publishers/anthropic/models/claude-sonnet-4-6"
FAMILIES = ("audit_log", "processing_activity")


def call(number: int = 1, **more: Any) -> dict[str, Any]:
    properties = {"modelDeploymentName": "claims-gpt", "modelName": "gpt-4o", "objectId": "oid-1"}
    return {
        "time": "2025-06-03T12:23:02.4350001Z",
        "resourceId": ACCOUNT,
        "category": "RequestResponse",
        "operationName": "ChatCompletions_Create",
        "resultSignature": "200",
        "callerIpAddress": "81.2.69.***",
        "correlationId": f"c{number}",
        "location": "westeurope",
        "properties": properties,
    } | more


def deployments(sku: str = "Standard", modified: str = "2025-01-01T00:00:00Z") -> dict[str, Any]:
    one = {"id": f"{ACCOUNT.lower()}/deployments/claims-gpt", "sku": {"name": sku}, "name": "claims-gpt"}
    return {"captured_at": "2025-06-30T00:00:00Z", "value": [one | {"systemData": {"lastModifiedAt": modified}}]}


def entry(number: int = 1, payload: Any = None, **more: Any) -> dict[str, Any]:
    stated = {
        "serviceName": "aiplatform.googleapis.com",
        "methodName": "google.cloud.aiplatform.v1.PredictionService.RawPredict",
        "resourceName": MODEL,
        "status": {},
        "authenticationInfo": {"principalEmail": "claims@proj.iam.gserviceaccount.com"},
        "request": {"contents": "a prompt"},
    }
    return {
        "protoPayload": stated | (payload or {}),
        "insertId": f"i{number}",
        "timestamp": "2025-06-03T08:15:30.123456789Z",
        "logName": "projects/proj/logs/cloudaudit.googleapis.com%2Fdata_access",
    } | more


def gathered(folder: Path, limits: Limits | None = None, **files: Any) -> Gathered:
    """Gather files of `azure_logs` or `vertex_logs`: text as it is, a list as JSON lines, an object as JSON."""
    engagement = Engagement(folder, limits)
    for name, content in files.items():
        path = name.replace("__", "/") + (".jsonl" if name.startswith("usage_totals") else ".json")
        if isinstance(content, list):
            engagement.jsonl(path, content)
        else:
            engagement.text(path, content if isinstance(content, str) else json.dumps(content))
    return engagement.gather()


def counts(found: Gathered) -> tuple[int, int, int, int]:
    cards = [card for card in found.cards if card.families == FAMILIES]
    totals = [(c.rows, c.not_relevant, c.duplicates, c.unreadable) for c in cards]
    one, two, three, four = (sum(column) for column in zip(*totals, strict=True))
    return one, two, three, four


def regions(found: Gathered) -> list[str | None]:
    return [row["region_code"] for row in rows_of(found, "processing_activity")]


def test_a_call_to_azure_is_an_event_and_processing(tmp_path: Path) -> None:
    found = gathered(tmp_path, azure_logs__day=[call()])
    (event,), (ran,) = (rows_of(found, name) for name in FAMILIES)
    assert (event["action"], event["outcome"], event["actor"]) == ("ChatCompletions_Create", "ok", "token:5")
    assert (ran["provider"], ran["source_region"], ran["model"]) == ("azure", "westeurope", "gpt-4o")
    assert ran["occurred_at"].microsecond == 435000
    assert event["defects"] == ran["defects"] == []


def test_a_listing_of_deployments_above_the_limit_is_not_read(tmp_path: Path) -> None:
    found = gathered(tmp_path, Limits(document=50), azure_logs__a=[call()], azure_logs__deployments=deployments())
    assert regions(found) == [None]
    assert [card.complete for card in found.cards].count(False) == 1


def test_a_call_whose_deployment_is_not_known_has_no_place(tmp_path: Path) -> None:
    assert regions(gathered(tmp_path, azure_logs__day=[call()])) == [None]


@pytest.mark.parametrize(
    ("listing", "place"),
    [
        (deployments(), "westeurope"),
        (deployments("ProvisionedManaged"), "westeurope"),
        (deployments("GlobalStandard"), None),
        (deployments("DataZoneStandard"), None),
        (deployments("SomethingNew"), None),
        (deployments(modified="2025-06-03T12:23:03Z"), None),
        (deployments() | {"captured_at": "2025-06-03T12:23:02Z"}, None),
    ],
)
def test_only_a_deployment_known_to_be_regional_then_gives_a_place(listing: Any, place: Any, tmp_path: Path) -> None:
    assert regions(gathered(tmp_path, azure_logs__a=[call()], azure_logs__deployments=listing)) == [place]


def test_two_listings_that_disagree_give_no_place(tmp_path: Path) -> None:
    listings = {"azure_logs__x_deployments": deployments(), "azure_logs__y_deployments": deployments("GlobalStandard")}
    assert regions(gathered(tmp_path, azure_logs__a=[call()], **listings)) == [None]


@pytest.mark.parametrize("listing", [{}, {"captured_at": "2025-06-30T00:00:00Z"}, deployments() | {"captured_at": "x"}])
def test_a_listing_that_is_none_is_lost_and_gives_no_place(listing: Any, tmp_path: Path) -> None:
    found = gathered(tmp_path, azure_logs__a=[call()], azure_logs__deployments=listing)
    assert regions(found) == [None]
    assert counts(found) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("signature", "outcome"),
    [("200", "ok"), (200, "ok"), ("429", "throttled"), ("403", "denied"), ("400", "error"), ("500", "error")],
)
def test_how_a_call_to_azure_ended_is_its_status(signature: Any, outcome: str, tmp_path: Path) -> None:
    (ran,) = rows_of(gathered(tmp_path, azure_logs__a=[call(resultSignature=signature)]), "processing_activity")
    assert ran["outcome"] == outcome


def test_properties_may_be_json_inside_a_text(tmp_path: Path) -> None:
    (event,) = rows_of(gathered(tmp_path, azure_logs__a=[call(properties='{"modelName": "gpt-4o"}')]), "audit_log")
    assert event["model"] == "gpt-4o"


def test_rows_of_the_table_of_log_analytics_are_read_like_exports(tmp_path: Path) -> None:
    names = {"time": "TimeGenerated", "properties": "properties_s", "location": "location_s"}
    row = {names.get(key, key[0].upper() + key[1:]): value for key, value in call().items()}
    row["properties_s"] = json.dumps(row["properties_s"])
    found = gathered(tmp_path, azure_logs__a=[row])
    (event,), (ran,) = (rows_of(found, name) for name in FAMILIES)
    assert (event["request_id"], event["outcome"]) == ("c1", "ok")
    assert (ran["source_region"], ran["model"]) == ("westeurope", "gpt-4o")


def test_listing_and_deleting_is_no_processing(tmp_path: Path) -> None:
    found = gathered(tmp_path, azure_logs__a=[call(operationName="Models_List"), call(2, category="Audit")])
    assert [len(rows_of(found, name)) for name in FAMILIES] == [2, 0]


def test_the_activity_log_as_its_api_gives_it_is_read(tmp_path: Path) -> None:
    record = {
        "eventTimestamp": "2025-06-03T12:00:00Z",
        "eventDataId": "e1",
        "resourceId": f"{ACCOUNT}/deployments/claims-gpt",
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "operationName": {"value": "Microsoft.CognitiveServices/accounts/deployments/write"},
        "status": {"value": "Succeeded"},
        "correlationId": "c9",
        "caller": "someone@example.com",
    }
    (event,) = rows_of(gathered(tmp_path, azure_logs__a={"value": [record]}), "audit_log")
    assert (event["event_id"], event["outcome"], event["actor"]) == ("e1", "ok", "token:19")


@pytest.mark.parametrize("form", ["lines", "records", "array"])
def test_the_forms_of_an_export_give_the_same(form: str, tmp_path: Path) -> None:
    events = [call(1), call(2)]
    content = {"lines": events, "records": {"records": events}, "array": json.dumps(events)}[form]
    assert counts(gathered(tmp_path, azure_logs__a=content)) == (2, 0, 0, 0)


def test_every_record_is_a_row_beside_a_duplicate_or_lost(tmp_path: Path) -> None:
    records = [
        call(1),
        call(1),
        call(1, durationMs=7),  # differs from a record with the same identity
        call(2, category="Trace"),
        call(3, category="SomethingNew"),
        call(4, resourceId="/SUBSCRIPTIONS/S1/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/A"),
        call(5, properties="{"),
        7,
        {},
    ]
    assert counts(gathered(tmp_path, azure_logs__a=records)) == (1, 2, 1, 5)


def test_a_call_to_vertex_is_an_event_and_processing_in_its_location(tmp_path: Path) -> None:
    found = gathered(tmp_path, vertex_logs__day=[entry()])
    (event,), (ran,) = (rows_of(found, name) for name in FAMILIES)
    assert (event["outcome"], event["actor_type"]) == ("ok", "service_account")
    assert (ran["provider"], ran["region_code"], ran["model"]) == ("gcp", "europe-west1", "claude-sonnet-4-6")
    assert ran["occurred_at"].microsecond == 123456
    assert event["defects"] == ran["defects"] == []


def test_a_call_to_the_global_location_has_no_place(tmp_path: Path) -> None:
    found = gathered(
        tmp_path, vertex_logs__a=[entry(payload={"resourceName": MODEL.replace("europe-west1", "global")})]
    )
    (ran,) = rows_of(found, "processing_activity")
    assert (ran["region_code"], ran["source_region"]) == (None, "global")


@pytest.mark.parametrize(
    ("status", "outcome", "place"),
    [
        (None, "ok", "europe-west1"),
        ({"code": 8}, "throttled", None),
        ({"code": 7}, "denied", None),
        ({"code": 3}, "error", "europe-west1"),
        ({"code": "7"}, "error", "europe-west1"),
        ("bad", "error", "europe-west1"),
    ],
)
def test_how_a_call_to_vertex_ended_is_its_code(status: Any, outcome: str, place: str | None, tmp_path: Path) -> None:
    (ran,) = rows_of(gathered(tmp_path, vertex_logs__a=[entry(payload={"status": status})]), "processing_activity")
    assert (ran["outcome"], ran["region_code"]) == (outcome, place)


def test_a_long_call_is_processing_once(tmp_path: Path) -> None:
    ends = [entry(n, operation={"id": "op", mark: True}) for n, mark in enumerate(("first", "last"))]
    found = gathered(tmp_path, vertex_logs__a=ends)
    assert [len(rows_of(found, name)) for name in FAMILIES] == [2, 1]


def test_an_entry_delivered_twice_counts_once_whatever_the_file(tmp_path: Path) -> None:
    assert counts(gathered(tmp_path, vertex_logs__a=[entry()], vertex_logs__b=[entry()])) == (1, 0, 1, 0)


def test_other_services_and_broken_entries_are_counted(tmp_path: Path) -> None:
    records = [entry(1, {"serviceName": "storage.googleapis.com"}), entry(2, insertId=None), {"textPayload": "x"}, 7]
    assert counts(gathered(tmp_path, vertex_logs__a=records)) == (0, 1, 0, 3)


def test_no_request_or_response_is_copied(tmp_path: Path) -> None:
    found = gathered(tmp_path, vertex_logs__a=[entry()])
    assert "prompt" not in json.dumps([rows_of(found, name) for name in FAMILIES], default=str)


def test_a_file_that_breaks_off_keeps_what_was_read_and_is_incomplete(tmp_path: Path) -> None:
    found = gathered(tmp_path, vertex_logs__a=json.dumps([entry()])[:-1])
    assert [(c.rows, c.unreadable, c.complete) for c in found.cards if c.families == FAMILIES] == [(1, 1, False)]


def test_reading_stops_where_nothing_can_be_read(tmp_path: Path) -> None:
    found = gathered(tmp_path, Limits(unreadable=3), vertex_logs__a=[{}] * 9)
    assert [(c.unreadable, c.complete) for c in found.cards if c.families == FAMILIES] == [(4, False)]


def test_a_log_in_another_form_is_withheld_evidence(tmp_path: Path) -> None:
    engagement = Engagement(tmp_path)
    engagement.text("vertex_logs/a.txt", "x")
    found = engagement.gather()
    assert [card.families for card in found.cards if not card.complete] == [FAMILIES]


@pytest.mark.skipif(not SHARED.exists(), reason="the documented examples are not here")
def test_the_documented_examples_are_read(tmp_path: Path) -> None:
    files = {"azure_logs__a": "azure/openai_request_response.json", "vertex_logs__b": "gcp/vertex_audit_log.json"}
    found = gathered(tmp_path, **{name: (SHARED / path).read_text() for name, path in files.items()})
    assert counts(found) == (2, 0, 0, 0)


# --- judged


TOTAL = {"meter": "gateway", "period_start": "2025-06-01T00:00:00Z", "period_end": "2025-07-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"vertex_logs__a": [entry()]}, Status.MET),
        ({"vertex_logs__a": [entry(), entry()]}, Status.MET),
        (
            {"vertex_logs__a": [entry(payload={"resourceName": MODEL.replace("europe-west1", "us-east1")})]},
            Status.BREACHED,
        ),
        (
            {"vertex_logs__a": [entry(payload={"resourceName": MODEL.replace("europe-west1", "global")})]},
            Status.UNPROVEN,
        ),
        ({"vertex_logs__a": [entry(payload={"resourceName": MODEL.replace("europe-west1", "eu")})]}, Status.UNPROVEN),
        ({"vertex_logs__a": [entry(timestamp="2025-06-03T08:15:30")]}, Status.UNPROVEN),
        ({"vertex_logs__a": [entry(), {}]}, Status.UNPROVEN),
        ({"azure_logs__a": [call()]}, Status.UNPROVEN),
        ({"azure_logs__a": [call()], "azure_logs__deployments": deployments()}, Status.MET),
        ({"azure_logs__a": [call()], "azure_logs__deployments": deployments("GlobalStandard")}, Status.UNPROVEN),
        ({"azure_logs__a": [call(location="eastus")], "azure_logs__deployments": deployments()}, Status.BREACHED),
        ({"azure_logs__a": [], "azure_logs__deployments": deployments()}, Status.UNPROVEN),
    ],
)
def test_a_promise_of_residency_is_met_only_by_a_known_place(files: Any, status: Status, tmp_path: Path) -> None:
    rows = [TOTAL | {"metric": "requests", "value": 1}]
    found = gathered(tmp_path, **files, usage_totals__a="".join(json.dumps(row) for row in rows))
    evidence = Evidence(frozenset(found.tables), found.cards)
    contract = contract_of("data-residency", {"allowed": "EU", "activities": ["process"]})
    as_of = datetime(2025, 7, 2, tzinfo=UTC)
    assert judge(contract, JUNE, as_of, evidence, DuckEngine(found.tables)).findings[0].status is status
