"""Diagnostic logs of Azure OpenAI and Azure's activity log as rows.

Source: Azure Monitor resource log schema, activity log event schema, AzureDiagnostics table. Prompts are in none, and
bodies of requests would not be copied. `location` is where the resource is. A Global or DataZone deployment processes
elsewhere, so a call has a place only where a listing of deployments says that its deployment was a regional one then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from infra.cloud_records import NOT_PROCESSED, Once, moment_of, part_of, rows_of, text_in
from infra.web.listed import Beside, Row, instant_of, object_of, text_of

PROVIDER = "azure"
OURS = "/providers/microsoft.cognitiveservices/"
CALLS, OTHERS = frozenset({"requestresponse"}), frozenset({"audit", "administrative"})
#: Categories that repeat calls or are about other things; any other one is unreadable rather than passed over.
BESIDE = frozenset(
    {
        *("trace", "azureopenairequestusage", "allmetrics", "policy", "alert", "autoscale", "recommendation"),
        *("security", "servicehealth", "resourcehealth"),
    }
)
#: Deployment types that process in the resource's own region.
REGIONAL = frozenset({"standard", "provisionedmanaged"})
_NO_CONTENT = re.compile(r"(^|_)(list|get|delete|cancel)", re.IGNORECASE)
_CLAIMS = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "appid",
)
#: Columns of the AzureDiagnostics table, with the members of a resource log that they are.
_COLUMNS = {
    "TimeGenerated": "time",
    "ResourceId": "resourceId",
    "Category": "category",
    "OperationName": "operationName",
    "ResultSignature": "resultSignature",
    "ResultType": "resultType",
    "CorrelationId": "correlationId",
    "CallerIPAddress": "callerIpAddress",
    "Location": "location",
    "location_s": "location",
    "properties_s": "properties",
}
_OUTCOMES = {"success": "ok", "succeeded": "ok", "failure": "error", "failed": "error"}


class Deployment(NamedTuple):
    """A deployment as listed: whether it is regional, and from when until when that is known."""

    regional: bool
    since: datetime
    until: datetime


def deployments_of(listing: Any) -> dict[str, Deployment]:
    """Return deployments by id in lower case, from `{"captured_at": …, "value": […]}` with `az`'s or ARM's list.

    `ValueError` for a listing that is not as documented: what is not known of a deployment must not look regional.
    """
    stated = object_of(listing)
    until, listed = _instant(text_of(stated, "captured_at")), stated.get("value")
    if not isinstance(listed, list):
        raise ValueError("no list called value")
    found: dict[str, Deployment] = {}
    for one in map(object_of, listed):
        sku = text_of(object_of(one.get("sku")), "name").lower()
        since = _instant(text_of(object_of(one.get("systemData")), "lastModifiedAt"))
        found[text_of(one, "id").lower()] = Deployment(sku in REGIONAL, since, until)
    return found


class AzureRecords:
    """The records of the logs of one folder, each counted once. `deployments` says which are regional."""

    def __init__(self) -> None:
        self.deployments: dict[str, list[Deployment]] = {}
        self._once = Once()

    def know(self, listing: Any) -> int:
        """Take a listing of deployments and return how many it has."""
        found = deployments_of(listing)
        for name, one in found.items():
            self.deployments.setdefault(name, []).append(one)
        return len(found)

    def __call__(self, record: Any) -> Iterator[Row]:
        """Return the rows of a record; raises `Beside` for one of something else, `ValueError` for what is none."""
        stated = {_COLUMNS.get(name, name): value for name, value in object_of(record).items()}
        resource = text_of(stated, "resourceId")
        if OURS not in f"{resource}/".lower():
            raise Beside
        category = _value(stated, "category")
        if category.lower() in BESIDE:
            raise Beside
        if category.lower() not in CALLS | OTHERS:
            raise ValueError("a category that is not known")
        operation = _value(stated, "operationName")
        told = text_in(stated, "time", "eventTimestamp")
        identity = (text_of(stated, "correlationId"), operation, category, _result(stated), told or "")
        event = text_in(stated, "eventDataId") or "/".join(identity)
        self._once(event, record)
        found = _event(stated, event, operation, resource, moment_of(told))
        if category.lower() in OTHERS or _NO_CONTENT.search(operation):
            return iter(rows_of(found, None))
        return iter(rows_of(found, self._processing(stated, found, resource)))

    def _processing(self, stated: Mapping[str, Any], event: Mapping[str, Any], resource: str) -> dict[str, Any]:
        named = text_in(_properties(stated), "modelDeploymentName")
        place = text_in(stated, "location")
        whole = resource if named is None else f"{resource}/deployments/{named}"
        known = event["outcome"] not in NOT_PROCESSED and self._is_regional(whole.lower(), event["occurred_at"])
        return {
            "activity_id": event["event_id"],
            "provider": PROVIDER,
            "region_code": place if known else None,
            "source_region": place,
            "resource_id": whole,
        }

    def _is_regional(self, deployment: str, told: Any) -> bool:
        try:
            moment = _instant(told)
        except ValueError:
            return False
        known = [one for one in self.deployments.get(deployment, ()) if one.since <= moment <= one.until]
        return bool(known) and all(one.regional for one in known)


def _event(stated: Mapping[str, Any], event: str, operation: str, resource: str, when: Any) -> dict[str, Any]:
    properties, claims = _properties(stated), part_of(stated, "identity", "claims")
    person = text_in(properties, "objectId") or text_in(claims, *_CLAIMS) or text_in(stated, "caller")
    return {
        "event_id": event,
        "occurred_at": when,
        "actor": person or text_in(stated, "callerIpAddress"),
        "actor_type": "identity" if person else "address",
        "action": operation,
        "resource": resource,
        "request_id": text_in(stated, "correlationId"),
        "model": text_in(properties, "modelName"),
        "region_code": text_in(stated, "location"),
        "outcome": _outcome(_result(stated)),
    }


def _properties(stated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties, which some exports write as JSON inside a text."""
    found = stated.get("properties")
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            raise ValueError("properties that are not JSON") from None
    return found if isinstance(found, dict) else {}


def _value(stated: Mapping[str, Any], name: str) -> str:
    """Return a text, or the value of one that comes with a translation."""
    found = stated.get(name)
    return text_of(found, "value") if isinstance(found, dict) else text_of(stated, name)


def _result(stated: Mapping[str, Any]) -> str:
    for name in ("resultSignature", "resultType", "status"):
        found = stated.get(name)
        found = found.get("value") if isinstance(found, dict) else found
        if found not in (None, "") and isinstance(found, str | int):
            return str(found)
    return ""


def _outcome(result: str) -> str:
    """Return how a call ended, by its HTTP status; a bad request is an error, for a filter may have looked at it."""
    if result.isascii() and result.isdigit():
        code = int(result[:4])
        denied = "denied" if code in {401, 403, 404} else "throttled" if code == 429 else "error"
        return "ok" if 200 <= code < 300 else denied
    word = result.partition(".")[0].lower()
    return _OUTCOMES.get(word, word or "unknown")


def _instant(text: Any) -> datetime:
    moment = instant_of(text)
    if moment is None:
        raise ValueError("a time without its offset, or none")
    return moment
