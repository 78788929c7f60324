"""Cloud Audit Logs of Google's Vertex AI as rows.

Source: Google Cloud, `LogEntry` and `AuditLog` (protoPayload). Requests and responses are never copied. A call's place
is the `locations/…` it was made at; `global` promises none. Entries with one `logName`, `timestamp` and `insertId` are
one entry. A long call has an entry at its start and one at its end; the first is the processing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.cloud_records import NOT_PROCESSED, Once, moment_of, part_of, rows_of, text_in
from infra.web.listed import Beside, Row, object_of, text_of

SERVICE, PROVIDER = "aiplatform.googleapis.com", "gcp"
#: The permission and the services by which content is processed; counting tokens and caching read it, too.
PERMISSION = "aiplatform.endpoints.predict"
SERVICES = "PredictionService|LlmUtilityService|GenAiCacheService|ReasoningEngineExecutionService|VertexRagService"
PROCESSING = re.compile(rf"\.({SERVICES})\.[A-Za-z]*$|\.CreateBatchPredictionJob$")
NOWHERE = frozenset({"global"})
_PLACE = re.compile(r"(?:^|/)locations/([a-z0-9-]+)(?:/|$)")
_MODEL = re.compile(r"/publishers/([^/]+)/models/([^/:@]+)")
#: google.rpc.Code: what was refused before anything ran. An invalid argument may have been looked at by a filter.
_OUTCOMES = {0: "ok", 5: "denied", 7: "denied", 8: "throttled", 16: "denied"}


class VertexRecords:
    """The entries of the logs of one folder, each counted once."""

    def __init__(self) -> None:
        self._once = Once()

    def __call__(self, record: Any) -> Iterator[Row]:
        """Return the rows of one entry; raises `Beside` for another service's, `ValueError` for what is none."""
        entry = object_of(record)
        payload = object_of(entry.get("protoPayload"))
        if text_of(payload, "serviceName") != SERVICE:
            raise Beside
        event = "/".join(text_of(entry, name) for name in ("logName", "timestamp", "insertId"))
        self._once(event, record)
        return iter(_rows(entry, payload, event))


def _rows(entry: Mapping[str, Any], payload: Mapping[str, Any], event: str) -> list[Row]:
    method, resource = text_of(payload, "methodName"), text_in(payload, "resourceName")
    who, place = part_of(payload, "authenticationInfo"), _place(entry, payload)
    outcome = _outcome(payload.get("status"))
    found = {
        "event_id": event,
        "occurred_at": moment_of(entry.get("timestamp")),
        "actor": text_in(who, "principalEmail", "principalSubject"),
        "actor_type": _actor_type(who),
        "action": method,
        "resource": resource,
        "request_id": text_in(part_of(entry, "operation"), "id"),
        "model": _model(resource),
        "region_code": place,
        "outcome": outcome,
    }
    if not _is_processing(payload, method) or not _is_first(entry):
        return rows_of(found, None)
    known = place is not None and place not in NOWHERE and outcome not in NOT_PROCESSED
    return rows_of(
        found,
        {
            "activity_id": event,
            "provider": PROVIDER,
            "region_code": place if known else None,
            "source_region": place,
            "resource_id": resource,
        },
    )


def _place(entry: Mapping[str, Any], payload: Mapping[str, Any]) -> str | None:
    """Return the location a call was made at: in the name of its resource, else in the resource's labels."""
    named = _PLACE.search(text_in(payload, "resourceName") or "")
    return named[1] if named else text_in(part_of(entry, "resource", "labels"), "location")


def _model(resource: str | None) -> str | None:
    named = _MODEL.search(resource or "")
    return named[2] if named else None


def _actor_type(who: Mapping[str, Any]) -> str:
    email = text_in(who, "principalEmail") or ""
    return "service_account" if email.endswith(".gserviceaccount.com") else "user" if email else "principal"


def _is_processing(payload: Mapping[str, Any], method: str) -> bool:
    asked = payload.get("authorizationInfo")
    permissions = [one.get("permission") for one in asked if isinstance(one, dict)] if isinstance(asked, list) else []
    return PERMISSION in permissions or bool(PROCESSING.search(method))


def _is_first(entry: Mapping[str, Any]) -> bool:
    operation = part_of(entry, "operation")
    return not operation or operation.get("first") is True


def _outcome(status: Any) -> str:
    """Return how a call ended; an absent status or code is success (google.rpc.Status)."""
    code = status.get("code", 0) if isinstance(status, dict) else 0 if status is None else None
    return _OUTCOMES.get(code, "error") if type(code) is int else "error"
