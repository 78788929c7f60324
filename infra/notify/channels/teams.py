"""`teams`: a workflow of Microsoft Teams ("When a Teams webhook request is received") that posts an Adaptive Card.

The connectors that took message cards are retired. Workflows drop no doubles: after a crash a card may appear twice.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.message import Message
from infra.notify.post import Call, as_json, call

#: Cards of more than 28 KB are refused.
TEXT = 8_000
COLOURS = {"critical": "attention", "major": "warning", "minor": "default"}


class Teams(Channel):
    """A channel or chat of Teams, by the address of its workflow, whose signature is a secret."""

    kind: Literal["teams"] = "teams"
    url: Secret = Field(description="`${VAR}` with the address of the workflow")
    hosts: tuple[str, ...] = Field(
        default=(".logic.azure.com", ".api.powerplatform.com"), description="hosts the address may have"
    )

    def send(self, sending: Sending) -> Receipt:
        """Post the message as a card; the workflow answers 202 before the card is shown."""
        url = sending.secret(self.url)
        reply = call(Call("POST", url, sending.now, content=as_json(card(sending.message)), hosts=self.hosts))
        return Receipt(detail=f"answered {reply.status}")


def card(message: Message) -> dict[str, Any]:
    """Return the message as an Adaptive Card 1.4; text is shown as it stands, for runs of text know no markup."""
    title = f"{message.kind.value}: {message.subject}"
    body: list[dict[str, Any]] = [
        _run(title, weight="bolder", size="large", color=COLOURS[message.severity.value]),
        *([_run(message.text[:TEXT])] if message.text else []),
        _run(f"{message.severity.value} · {message.incident} · {message.id}", isSubtle=True, size="small"),
    ]
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": title,
        "body": body,
    }
    if message.link:
        content["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": message.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


CHANNEL = Teams
