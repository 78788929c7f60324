"""Records of Anthropic's Compliance and Admin APIs as rows, field by field; a record that is none is a `ValueError`.

Source: Anthropic API reference (Compliance API, Admin API, Access Transparency). What a setting means is not decided
here: values are kept as they are stated, for words such as "override disabled" are easily read the wrong way round.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.web.listed import Row, object_of, text_of

VENDOR = "Anthropic"

#: Activities that change what is kept or where, with the word for what they are about.
WORKSPACE_SETTINGS = (
    "platform_workspace_inference_data_retention_disabled",
    "platform_workspace_inference_data_retention_enabled",
    "org_claude_code_zero_data_retention_disabled",
    "org_claude_code_data_sharing_enabled",
    "org_claude_code_data_sharing_disabled",
)
UPDATES = ("platform_workspace_updated", "org_data_residency_updated", "claude_organization_settings_updated")
ACCESSES = ("anthropic_access", "cmek_preserve")
#: What uploading tells of the features in use: these keep content whatever is set.
FEATURES = {"platform_file_uploaded": "Files API", "platform_message_batch_created": "Batch processing"}
_WHO = ("email_address", "user_id", "api_key_id", "admin_api_key_id", "service_account_id", "id", "ip_address")
_WHAT = ("file_id", "message_batch_id", "resource_id", "workspace_id", "api_key_id", "organization_id")


def activity_rows(record: Any) -> Iterator[Row]:
    """Yield the rows of one activity: always `audit_log`, and what it says of accesses, settings and features."""
    stated = object_of(record)
    event, kind, when = (text_of(stated, name) for name in ("id", "type", "created_at"))
    actor = stated.get("actor")
    who: Mapping[str, Any] = actor if isinstance(actor, dict) else {}
    details = stated.get("resource_details")
    thing: Mapping[str, Any] = details if isinstance(details, dict) else {}
    yield (
        "audit_log",
        {
            "event_id": event,
            "occurred_at": when,
            "actor": next((who[n] for n in _WHO if isinstance(who.get(n), str)), who.get("type")),
            "actor_type": who.get("type"),
            "action": kind,
            "resource": next((stated[n] for n in _WHAT if isinstance(stated.get(n), str)), thing.get("id")),
            "outcome": "ok",
        },
    )
    if kind in ACCESSES:
        yield (
            "access_events",
            {
                "event_id": event,
                "principal": stated.get("accessor_department"),
                "principal_org": VENDOR,
                "purpose": stated.get("reason_code"),
                "object": f"{thing.get('type')}/{thing.get('id')}" if thing.get("id") else None,
                "started_at": stated.get("accessed_at"),
            },
        )
    yield from _settings_of(stated, kind, when)
    if kind in FEATURES:
        yield "feature_usage", {"feature": FEATURES[kind], "used_at": when, "requests": 1}


def _settings_of(stated: Mapping[str, Any], kind: str, when: str) -> Iterator[Row]:
    scope = _scope(stated.get("workspace_id"))
    if kind in WORKSPACE_SETTINGS:
        yield (
            "settings",
            {"setting": kind, "scope": scope, "value": _value(stated.get("previous_value")), "captured_at": when},
        )
    if kind in UPDATES:
        updates = stated.get("updates")
        if not isinstance(updates, list):
            raise ValueError("an update without its list of what was updated")
        for update in updates:
            change = object_of(update)
            row = {"setting": text_of(change, "type"), "scope": scope, "value": _value(change.get("current_value"))}
            yield "settings", row | {"captured_at": when}


def setting_rows(record: Any, organization: str, when: str) -> Iterator[Row]:
    """Yield the row of one effective setting of an organisation; a setting that is not there is not "off"."""
    stated = object_of(record)
    row = {"setting": text_of(stated, "name"), "scope": f"organization/{organization}", "captured_at": when}
    yield "settings", row | {"value": _value(stated.get("value"))}


def workspace_rows(record: Any, when: str) -> Iterator[Row]:
    """Yield the rows of one workspace's residency settings: what may be asked for, not where anything ran."""
    stated = object_of(record)
    scope, residency = _scope(text_of(stated, "id")), object_of(stated.get("data_residency"))
    for name in ("workspace_geo", "allowed_inference_geos", "default_inference_geo"):
        yield "settings", {"setting": name, "scope": scope, "value": _value(residency.get(name)), "captured_at": when}


def usage_rows(record: Any) -> Iterator[Row]:
    """Yield rows of one bucket of the usage report: features and models in use, and the geography that was asked for.

    `inference_geo` here repeats the request's parameter or the workspace's default. It is a setting, never a place.
    """
    bucket = object_of(record)
    when, results = text_of(bucket, "starting_at"), bucket.get("results")
    if not isinstance(results, list):
        raise ValueError("a bucket without results")
    for result in map(object_of, results):
        batch = result.get("service_tier") == "batch"
        feature = {
            "feature": "Batch processing" if batch else "Messages API",
            "model": result.get("model"),
            "used_at": when,
        }
        yield "feature_usage", feature
        tools = result.get("server_tool_use")
        if isinstance(tools, dict) and tools.get("web_search_requests"):
            yield "feature_usage", feature | {"feature": "Web search", "requests": tools["web_search_requests"]}
        geo = {"setting": "inference_geo", "scope": _scope(result.get("workspace_id")), "captured_at": when}
        yield "settings", geo | {"value": _value(result.get("inference_geo"))}


def _scope(workspace: object) -> str:
    return f"workspace/{workspace}" if isinstance(workspace, str) and workspace else "workspace/default"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
