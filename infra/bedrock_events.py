"""CloudTrail records of Amazon Bedrock as rows: which event is processing, where it ran, how it ended.

Sources: AWS CloudTrail record contents; "Monitor Amazon Bedrock API calls using CloudTrail"; "Increase throughput with
cross-Region inference", whose `additionalEventData.inferenceRegion` names where a routed call was processed.
Bodies of requests and responses are never taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

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
_NOTHING: Record = {}


class Event(NamedTuple):
    """One relevant record as values of `audit_log` and, where content was `processed`, of `processing_activity`.

    Values are as the record states them, of whatever JSON type. `source_region` is where the call was made.
    """

    event_id: str
    occurred_at: Any
    actor: Any
    actor_type: Any
    action: str
    resource: Any
    request_id: Any
    model: Any
    source_region: Any
    outcome: str
    processed: bool
    region_code: Any
    input_tokens: Any
    output_tokens: Any
    tls_version: Any


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
    """Return a Bedrock record as values; raises `NotAnEvent` without an eventID or eventName."""
    event_id, name = record.get("eventID"), record.get("eventName")
    if not isinstance(event_id, str) or not event_id:
        raise NotAnEvent("a Bedrock record without eventID")
    if not isinstance(name, str):
        raise NotAnEvent("a Bedrock record without eventName")
    identity, asked = _part(record, "userIdentity"), _part(record, "requestParameters")
    added, answered = _part(record, "additionalEventData"), _part(record, "responseElements")
    model, called = asked.get("modelId"), record.get("awsRegion")
    if model is None:
        model = asked.get("model")
    outcome = _outcome(record.get("errorCode"), added, answered)
    # By position, in the order of the fields: this runs for every event, and naming them would cost a third more.
    return Event(
        event_id,
        record.get("eventTime"),
        _actor(identity),
        identity.get("type"),
        name,
        model if isinstance(model, str) and model.startswith("arn:") else None,
        record.get("requestID"),
        model,
        called,
        outcome,
        name in PROCESSING[record["eventSource"]],
        _region(added.get("inferenceRegion"), outcome, model, called),
        added.get("inputTokens"),
        added.get("outputTokens"),
        _part(record, "tlsDetails").get("tlsVersion"),
    )


def _actor(identity: Record) -> Any:
    for key in ("arn", "principalId", "invokedBy"):
        if identity.get(key) is not None:
            return identity[key]
    return None


def _outcome(code: object, added: Record, answered: Record) -> str:
    """Return how a call ended: `ok`, `blocked` (by a guardrail, no model ran), `throttled`, `denied` or `error`.

    `denied` includes calls refused for what they asked (validation, unknown model): nothing was processed.
    """
    if code is None:
        return "blocked" if _stopped_by_guardrail(added, answered) else "ok"
    last = str(code).rsplit(".", maxsplit=1)[-1]
    if last.startswith(_THROTTLED):
        return "throttled"
    return "denied" if last.startswith(_DENIED) else "error"


def _region(stated: Any, outcome: str, model: object, called: Any) -> Any:
    """Return where a call was processed, or None where that is unknown or nothing was processed.

    What the event says comes first. Without it, only a plain model id runs in the region of the call: behind a profile
    it may run anywhere the profile reaches.
    """
    if stated is not None:
        return stated
    return None if outcome in _NOT_PROCESSED or not is_plain_model(model) else called


def is_plain_model(model: object) -> bool:
    """Return whether a model id names a model that runs in the region of the call; unknown forms do not."""
    if not isinstance(model, str):
        return False
    if model.startswith("arn:"):
        kind, _, name = model.split(":", maxsplit=5)[-1].partition("/")
        return kind in IN_REGION_RESOURCES and (kind != "foundation-model" or is_plain_model(name))
    provider, dot, _ = model.partition(".")
    return bool(dot) and provider in PROVIDERS


def _stopped_by_guardrail(added: Record, answered: Record) -> bool:
    action = "amazon-bedrock-guardrailAction"
    if added.get(action) != "INTERVENED" and answered.get(action) != "INTERVENED":
        return False
    return not any(part.get(tokens) for part in (added, answered) for tokens in ("inputTokens", "outputTokens"))


def _part(record: Record, name: str) -> Record:
    part = record.get(name)
    return part if isinstance(part, dict) else _NOTHING
