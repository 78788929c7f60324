"""CloudTrail records of Amazon Bedrock as rows: which event is processing, where it ran, how it ended.

Sources: AWS CloudTrail record contents; "Monitor Amazon Bedrock API calls using CloudTrail"; "Increase throughput with
cross-Region inference", whose `additionalEventData.inferenceRegion` names where a routed call was processed.
Bodies of requests and responses are never taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from evidence.errors import SourceError

Record: TypeAlias = Mapping[str, Any]

RUNTIME = "bedrock.amazonaws.com"
MANTLE = "bedrock-mantle.amazonaws.com"

#: Events in which content is processed. The last two lines: by agents, flows, knowledge bases and guardrails, whose
#: model the event does not state, so that their place is unknown unless the event names it.
PROCESSING = {
    RUNTIME: frozenset(
        {
            *("InvokeModel", "InvokeModelWithResponseStream", "InvokeModelWithBidirectionalStream"),
            *("Converse", "ConverseStream", "StartAsyncInvoke", "CreateModelInvocationJob"),
            *("InvokeAgent", "InvokeInlineAgent", "InvokeFlow", "RetrieveAndGenerate", "RetrieveAndGenerateStream"),
            *("ApplyGuardrail", "OptimizePrompt", "Rerank"),
        }
    ),
    MANTLE: frozenset({"CreateInference"}),
}

#: First parts of plain model ids. Anything else before the dot may be a geography (`eu.`, `global.`), and a geography
#: nobody has heard of must not look like a model that runs where it was called.
PROVIDERS = frozenset(
    {
        *("ai21", "amazon", "anthropic", "cohere", "deepseek", "google", "luma", "meta", "minimax", "mistral"),
        *("moonshot", "moonshotai", "nvidia", "openai", "qwen", "stability", "twelvelabs", "writer", "zai"),
    }
)
#: Resource types that run in the region of the call; profiles and routers do not.
IN_REGION_RESOURCES = frozenset(
    {"custom-model", "custom-model-deployment", "imported-model", "provisioned-model", "foundation-model"}
)

_THROTTLED = ("ThrottlingException", "Throttling", "TooManyRequests", "ServiceQuotaExceeded", "RequestLimitExceeded")
_DENIED = ("AccessDenied", "UnauthorizedOperation", "ValidationException", "ResourceNotFoundException")
_NOT_PROCESSED = frozenset({"blocked", "throttled", "denied"})


@dataclass(frozen=True, slots=True)
class Event:
    """One relevant record as rows. `defects` are values that are absent where the format always has them."""

    event_id: str
    audit: dict[str, Any]
    processing: dict[str, Any] | None
    defects: tuple[str, ...] = ()


class NotAnEvent(SourceError):
    """A record that cannot become a row; says why."""


def event_source(record: object) -> str:
    """Return the service a record is of; raises `NotAnEvent` for anything that is no CloudTrail record."""
    if not isinstance(record, dict):
        raise NotAnEvent("not a JSON object")
    source = record.get("eventSource")
    if not isinstance(source, str):
        raise NotAnEvent("no eventSource; is this a CloudTrail record?")
    return source


def event_of(record: Record) -> Event:
    """Return a Bedrock record as rows; raises `NotAnEvent` without an eventID or eventName."""
    event_id, name = record.get("eventID"), record.get("eventName")
    if not isinstance(event_id, str) or not event_id:
        raise NotAnEvent("a Bedrock record without eventID")
    if not isinstance(name, str):
        raise NotAnEvent("a Bedrock record without eventName")
    processing = _processing(record) if name in PROCESSING[record["eventSource"]] else None
    defects = ("occurred_at",) if record.get("eventTime") is None else ()
    return Event(event_id, _audit(record), processing, defects)


def _audit(record: Record) -> dict[str, Any]:
    return {
        "event_id": record["eventID"],
        "occurred_at": record.get("eventTime"),
        "actor": _actor(record),
        "actor_type": _inside(record, "userIdentity", "type"),
        "action": record["eventName"],
        "resource": _resource(record),
        "request_id": record.get("requestID"),
        "model": _model(record),
        "region_code": record.get("awsRegion"),
        "outcome": outcome_of(record),
    }


def _processing(record: Record) -> dict[str, Any]:
    return {
        "activity_id": record["eventID"],
        "activity": "process",
        "occurred_at": record.get("eventTime"),
        "provider": "aws",
        "region_code": region_of(record),
        "source_region": record.get("awsRegion"),
        "model": _model(record),
        "resource_id": _resource(record),
        "actor": _actor(record),
        "request_id": record.get("requestID"),
        "outcome": outcome_of(record),
        "input_tokens": _inside(record, "additionalEventData", "inputTokens"),
        "output_tokens": _inside(record, "additionalEventData", "outputTokens"),
        "tls_version": _inside(record, "tlsDetails", "tlsVersion"),
    }


def outcome_of(record: Record) -> str:
    """Return how a call ended: `ok`, `blocked` (by a guardrail, no model ran), `throttled`, `denied` or `error`.

    `denied` includes calls refused for what they asked (validation, unknown model): nothing was processed.
    """
    code = record.get("errorCode")
    if code is None:
        return "blocked" if _stopped_by_guardrail(record) else "ok"
    last = str(code).rsplit(".", maxsplit=1)[-1]
    if last.startswith(_THROTTLED):
        return "throttled"
    return "denied" if last.startswith(_DENIED) else "error"


def region_of(record: Record) -> Any:
    """Return where a call was processed, or None where that is unknown or nothing was processed.

    What the event says comes first. Without it, only a plain model id runs in the region of the call: behind a profile
    it may run anywhere the profile reaches.
    """
    stated = _inside(record, "additionalEventData", "inferenceRegion")
    if stated is not None:
        return stated
    if outcome_of(record) in _NOT_PROCESSED or not is_plain_model(_model(record)):
        return None
    return record.get("awsRegion")


def is_plain_model(model: object) -> bool:
    """Return whether a model id names a model that runs in the region of the call; unknown forms do not."""
    if not isinstance(model, str):
        return False
    if model.startswith("arn:"):
        kind, _, name = model.split(":", maxsplit=5)[-1].partition("/")
        return kind in IN_REGION_RESOURCES and (kind != "foundation-model" or is_plain_model(name))
    provider, dot, _ = model.partition(".")
    return bool(dot) and provider in PROVIDERS


def _stopped_by_guardrail(record: Record) -> bool:
    data = (_part(record, "additionalEventData"), _part(record, "responseElements"))
    intervened = any(part.get("amazon-bedrock-guardrailAction") == "INTERVENED" for part in data)
    return intervened and not any(part.get(tokens) for part in data for tokens in ("inputTokens", "outputTokens"))


def _model(record: Record) -> Any:
    asked = _part(record, "requestParameters")
    return asked.get("modelId") if asked.get("modelId") is not None else asked.get("model")


def _resource(record: Record) -> Any:
    model = _model(record)
    return model if isinstance(model, str) and model.startswith("arn:") else None


def _actor(record: Record) -> Any:
    identity = _part(record, "userIdentity")
    return next((identity[key] for key in ("arn", "principalId", "invokedBy") if identity.get(key) is not None), None)


def _part(record: Record, name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _inside(record: Record, part: str, name: str) -> Any:
    return _part(record, part).get(name)
