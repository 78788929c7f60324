"""`servicenow`: one record for each incident in a table of ServiceNow; later messages are work notes on it.

A record bears the incident in `correlation_id` and the message that changed it last in `correlation_display`. Messages
of one incident go in order, so whoever finds its own message there knows that it arrived.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field

from evidence.errors import Deferred
from evidence.model import Severity
from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.message import Kind, Message, text_digest
from infra.notify.post import Call, Reply, as_json, call

MAX_SHORT = 160
LEVELS = {Severity.CRITICAL: "1", Severity.MAJOR: "2", Severity.MINOR: "3"}
_SYS_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class ServiceNow(Channel):
    """A table of one instance, by the Table API."""

    kind: Literal["servicenow"] = "servicenow"
    instance: str = Field(pattern=r"^https?://[^/\s]+$", description="such as https://acme.service-now.com")
    table: str = Field(default="incident", pattern=r"^[a-z][a-z0-9_]{0,79}$")
    user: str = Field(min_length=1, max_length=100)
    password: Secret = Field(description="`${VAR}` with the password")
    fields: dict[str, str] = Field(default={}, description="more fields of a new record, such as assignment_group")
    resolved: dict[str, str] = Field(default={}, description="fields that a resolve sets, such as state and close_code")

    def send(self, sending: Sending) -> Receipt:
        """Open the incident's record, or add a work note to the active one; what is there already is not said twice."""
        message = sending.message
        record = self._active(sending)
        if not record:
            return Receipt("", "nothing to resolve") if message.kind is Kind.RESOLVE else self._create(sending)
        if record.get("correlation_display") != message.id:
            note = {"work_notes": _text(message), "correlation_display": message.id}
            closing = self.resolved if message.kind is Kind.RESOLVE else {}
            self._ask(sending, "PATCH", f"/{record['sys_id']}", {**note, **closing})
        return Receipt(str(record["sys_id"]), str(record.get("number", ""))[:40])

    def _active(self, sending: Sending) -> dict[str, Any]:
        query = {
            "sysparm_query": f"correlation_id={_correlation(sending.message)}^active=true^ORDERBYDESCsys_created_on",
            "sysparm_fields": "sys_id,number,correlation_display",
            "sysparm_limit": "1",
        }
        found = self._ask(sending, "GET", f"?{urlencode(query)}").json().get("result")
        if not isinstance(found, list):
            raise Deferred("servicenow: answered no list of records")
        first = found[0] if found else {}
        return first if isinstance(first, dict) and _SYS_ID.fullmatch(str(first.get("sys_id", ""))) else {}

    def _create(self, sending: Sending) -> Receipt:
        message = sending.message
        level = LEVELS[message.severity]
        fields = {
            "short_description": message.subject[:MAX_SHORT],
            "description": _text(message),
            "urgency": level,
            "impact": level,
            "correlation_id": _correlation(message),
            "correlation_display": message.id,
        }
        made = self._ask(sending, "POST", "", {**self.fields, **fields})
        return Receipt(made.text_at("result", "sys_id")[:32], made.text_at("result", "number")[:40])

    def _ask(self, sending: Sending, method: Literal["GET", "POST", "PATCH"], path: str, body: Any = None) -> Reply:
        token = base64.b64encode(f"{self.user}:{sending.secret(self.password)}".encode()).decode()
        headers = {"authorization": f"Basic {token}", "accept": "application/json"}
        url = f"{self.instance}/api/now/table/{self.table}{path}"
        return call(Call(method, url, sending.now, headers, None if body is None else as_json(body)))


def _correlation(message: Message) -> str:
    """Return what a record is found by: short, and without characters that mean something in a query."""
    return f"probity-{text_digest(message.incident)[:48]}"


def _text(message: Message) -> str:
    return "\n".join(filter(None, [f"{message.kind.value}: {message.subject}", message.text, message.link, message.id]))


CHANNEL = ServiceNow
