"""One message to one channel: thin unless it is an approved notice, and named the same however often it is sent."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from evidence.canonical import canonical_bytes
from evidence.model import Closed, Instant, Severity, instant_text

MAX_SUBJECT, MAX_TEXT, MAX_ATTACHMENT, MAX_ATTACHMENTS = 200, 100_000, 20 * 1024**2, 10
#: One line without control characters: it becomes a header of mail and a title elsewhere.
LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$"
NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"

Line = Annotated[str, Field(pattern=LINE, max_length=MAX_SUBJECT)]
Address = Annotated[str, Field(pattern=ADDRESS)]


class Kind(StrEnum):
    """What a message is for; services that keep alerts open understand the first three as changes of one alert."""

    ALERT = "alert"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    REMINDER = "reminder"
    DIGEST = "digest"
    NOTICE = "notice"


class Attachment(Closed):
    """A file that goes with a notice, by mail only; `content` is base64 in JSON."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,99}$")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    content: Annotated[bytes, Field(max_length=MAX_ATTACHMENT)]


class Message(Closed):
    """What is to be delivered once. `key` names it within its channel: whatever is put again under it is dropped.

    `incident` groups what belongs together, such as a case or a clock: services deduplicate by it, and its alerts go
    out in order. Alerts and reminders are thin: they say where to look and never what the evidence is. A `notice` is
    the text that people approved, with `approved` the SHA-256 (hex) of that text in UTF-8; one without it, or with
    another text, cannot be made. `to` are the addressees of a mail, instead of the channel's own.
    """

    key: Annotated[str, Field(min_length=1, max_length=300, pattern=LINE)]
    channel: Annotated[str, Field(pattern=NAME)]
    kind: Kind
    incident: Annotated[str, Field(min_length=1, max_length=200, pattern=LINE)]
    severity: Severity = Severity.MAJOR
    subject: Annotated[Line, Field(min_length=1)]
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    link: Annotated[str, Field(max_length=2_000, pattern=r"^[A-Za-z0-9:/?#@!$&'()*+,;=._~%\[\]-]*$")] = ""
    created: Instant
    to: tuple[Address, ...] = ()
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MAX_ATTACHMENTS)] = ()
    approved: str | None = None

    @model_validator(mode="after")
    def _only_what_was_approved(self) -> Self:
        if self.kind is Kind.NOTICE:
            if self.approved != text_digest(self.text):
                raise ValueError("a notice is sent only with the text that was approved, by its digest")
        elif self.attachments or self.to or self.approved is not None:
            raise ValueError("only a notice has addressees, attachments and an approval")
        return self

    @property
    def id(self) -> str:
        """Return the name that every attempt carries: as `webhook-id`, in the Message-ID, as a deduplication key."""
        digest = hashlib.sha256(canonical_bytes([self.channel, self.key])).hexdigest()
        return f"msg_{digest[:32]}"


def payload(message: Message) -> dict[str, Any]:
    """Return the message as JSON: type, timestamp and data, as Standard Webhooks recommends for a body."""
    return {
        "type": f"probity.{message.kind}",
        "timestamp": instant_text(message.created),
        "data": {
            "id": message.id,
            "incident": message.incident,
            "severity": message.severity.value,
            "subject": message.subject,
            "text": message.text,
            "link": message.link,
        },
    }


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hex: what an approval names."""
    return hashlib.sha256(text.encode()).hexdigest()
