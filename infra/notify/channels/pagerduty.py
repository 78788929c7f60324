"""`pagerduty`: Events API v2. One alert for each incident: later messages join it, and a resolve ends it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from evidence.errors import Rejected
from evidence.model import instant_text
from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.message import Kind, Message
from infra.notify.post import Call, as_json, call

MAX_KEY, MAX_SUMMARY = 255, 1024
ACTIONS = {Kind.ACKNOWLEDGE: "acknowledge", Kind.RESOLVE: "resolve"}
SEVERITIES = {"critical": "critical", "major": "error", "minor": "warning"}


class PagerDuty(Channel):
    """A service of PagerDuty, by its integration key."""

    kind: Literal["pagerduty"] = "pagerduty"
    routing_key: Secret = Field(description="`${VAR}` with the integration key")
    endpoint: str = Field(
        default="https://events.pagerduty.com",
        pattern=r"^https?://[^/\s]+$",
        description="of the API; https://events.eu.pagerduty.com for accounts in the EU",
    )

    acknowledges: ClassVar[bool] = True

    def send(self, sending: Sending) -> Receipt:
        """Send one event under the incident's key, by which PagerDuty joins whatever comes twice."""
        body = as_json({"routing_key": sending.secret(self.routing_key), **event(sending.message)})
        reply = call(Call("POST", f"{self.endpoint}/v2/enqueue", sending.now, content=body))
        if reply.text_at("status") not in {"success", ""}:
            raise Rejected("PagerDuty did not process the event")
        return Receipt(event_key(sending.message), f"answered {reply.status}")


def event_key(message: Message) -> str:
    """Return the key under which PagerDuty deduplicates: the incident's name."""
    return message.incident[:MAX_KEY]


def event(message: Message) -> dict[str, Any]:
    """Return the event, without its key: a trigger, or an acknowledgement or resolution of what was triggered."""
    action = ACTIONS.get(message.kind, "trigger")
    named = {"event_action": action, "dedup_key": event_key(message)}
    if action != "trigger":
        return named
    payload = {
        "summary": message.subject[:MAX_SUMMARY],
        "source": "probity",
        "severity": SEVERITIES[message.severity.value],
        "timestamp": instant_text(message.created),
        "class": message.kind.value,
        "custom_details": {"text": message.text, "id": message.id},
    }
    links = [{"href": message.link, "text": "Open"}] if message.link else []
    return {**named, "client": "Probity", "payload": payload, "links": links}


CHANNEL = PagerDuty
