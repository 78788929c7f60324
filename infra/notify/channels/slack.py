"""`slack`: an incoming webhook of one Slack channel. Slack drops no doubles: after a crash a line may appear twice."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field

from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.message import Message
from infra.notify.post import Call, as_json, call

HEADER, SECTION = 150, 2_900
_WORD = re.compile(rb"[a-z_]{1,40}")


class Slack(Channel):
    """A Slack channel, by the address of its incoming webhook, which is a secret."""

    kind: Literal["slack"] = "slack"
    url: Secret = Field(description="`${VAR}` with the address of the incoming webhook")
    hosts: tuple[str, ...] = Field(
        default=("hooks.slack.com", "hooks.slack-gov.com"), description="hosts the address may have"
    )

    def send(self, sending: Sending) -> Receipt:
        """Post the message as blocks, with its subject as what notifications show."""
        url = sending.secret(self.url)
        reply = call(Call("POST", url, sending.now, content=as_json(blocks(sending.message)), hosts=self.hosts))
        word = _WORD.fullmatch(reply.body)
        return Receipt(detail=word[0].decode() if word else f"answered {reply.status}")


def blocks(message: Message) -> dict[str, Any]:
    """Return the message in Block Kit; nothing in it is read as markup, a mention or a link of the text's own."""
    title = f"{message.kind.value}: {message.subject}"
    parts: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": title[:HEADER], "emoji": False}}
    ]
    if message.text:
        parts.append(
            {"type": "section", "text": {"type": "plain_text", "text": message.text[:SECTION], "emoji": False}}
        )
    if message.link:
        button = {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": message.link}
        parts.append({"type": "actions", "elements": [button]})
    said = f"{message.severity.value} · {message.incident} · {message.id}"
    parts.append({"type": "context", "elements": [{"type": "plain_text", "text": said, "emoji": False}]})
    return {"text": _escaped(title), "blocks": parts, "unfurl_links": False, "unfurl_media": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


CHANNEL = Slack
