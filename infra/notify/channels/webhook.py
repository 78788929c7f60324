"""`webhook`: any service, by Standard Webhooks: an id, a time, and a signature over both and the body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evidence.errors import Rejected
from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.message import payload
from infra.notify.post import Call, as_json, call

PREFIX = "whsec_"
#: Bytes of a secret (Standard Webhooks, "Symmetric").
SHORTEST, LONGEST = 24, 64


class Webhook(Channel):
    """An address that takes signed JSON; while a secret is replaced, both sign."""

    kind: Literal["webhook"] = "webhook"
    url: Secret | Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)] = Field(
        description="where messages are posted; `${VAR}` where it holds a token"
    )
    secret: Secret = Field(description="`${VAR}` with whsec_ and the base64 of 24 to 64 bytes")
    previous: Secret | None = Field(default=None, description="the secret that is being replaced, which signs as well")

    carries: ClassVar[bool] = True

    def send(self, sending: Sending) -> Receipt:
        """Post the message; any 2xx is a receipt, and the receiver drops what comes twice under one `webhook-id`."""
        body = as_json(payload(sending.message))
        stamp = str(int(sending.now.timestamp()))
        secrets = [self.secret, *([self.previous] if self.previous else [])]
        signatures = [signature(sending.secret(name), sending.message.id, stamp, body, self.name) for name in secrets]
        headers = {
            "webhook-id": sending.message.id,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(signatures),
        }
        reply = call(Call("POST", sending.filled(self.url), sending.now, headers, body))
        return Receipt(sending.message.id, f"answered {reply.status}")


def signature(secret: str, identity: str, stamp: str, body: bytes, channel: str) -> str:
    """Return `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, joined by dots."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        hint = f"{PREFIX} and the base64 of {SHORTEST} to {LONGEST} bytes"
        raise Rejected(f"the secret of channel {channel} is no secret of Standard Webhooks; it is {hint}")
    signed = b".".join((identity.encode(), stamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


CHANNEL = Webhook
