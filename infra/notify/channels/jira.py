"""`jira`: one issue for each incident in Jira Cloud; later messages are comments on it, a resolve may move it.

Jira knows no idempotency keys. The issue of an incident is the one in the receipt of the message before; without a
receipt it is searched for by its label, in an index that lags by seconds, while the claim of the dead lasts minutes.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Literal

from pydantic import Field

from evidence.errors import Deferred
from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.message import Kind, Message, text_digest
from infra.notify.post import Call, Reply, as_json, call

MAX_SUMMARY, COMMENTS = 250, 100
_ISSUE = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[0-9]{1,12}", re.ASCII)


class Jira(Channel):
    """A project of a Jira Cloud site."""

    kind: Literal["jira"] = "jira"
    site: str = Field(pattern=r"^https?://[^/\s]+$", description="such as https://acme.atlassian.net")
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,30}$", description="key of the project")
    issue_type: str = Field(default="Task", min_length=1, max_length=100)
    user: str = Field(min_length=3, max_length=200, description="the account whose token it is")
    token: Secret = Field(description="`${VAR}` with the account's API token")
    resolved: str | None = Field(default=None, description="the transition that a resolve makes, such as Done")

    def send(self, sending: Sending) -> Receipt:
        """Open the incident's issue, or comment on the open one; what is there already is not said twice."""
        issue, said = self._open_issue(sending)
        if not issue:
            return Receipt("", "nothing to resolve") if sending.message.kind is Kind.RESOLVE else self._create(sending)
        if not said and not (sending.attempt > 1 and self._commented(sending, issue)):
            self._ask(sending, "POST", f"/issue/{issue}/comment", {"body": _document(sending.message)})
        if sending.message.kind is Kind.RESOLVE and self.resolved is not None:
            return Receipt(issue, "commented", self._move(sending, issue))
        return Receipt(issue, "opened" if said else "commented")

    def _open_issue(self, sending: Sending) -> tuple[str, bool]:
        """Return the issue of the incident that is not done, if there is one, and whether this message opened it."""
        found: Any = {}
        if _ISSUE.fullmatch(sending.earlier):
            found = self._ask(sending, "GET", f"/issue/{sending.earlier}?fields=labels,status", gone=404).json()
        if not found.get("key") or _done(found):
            jql = f'project = "{self.project}" AND labels = "{_label(sending.message)}" AND statusCategory != Done'
            asked = {"jql": f"{jql} ORDER BY created DESC", "maxResults": 1, "fields": ["labels"]}
            issues = self._ask(sending, "POST", "/search/jql", asked).json().get("issues")
            if not isinstance(issues, list):
                raise Deferred("jira: answered no list of issues")
            found = issues[0] if issues and isinstance(issues[0], dict) else {}
        key, fields = found.get("key"), found.get("fields")
        labels = fields.get("labels") if isinstance(fields, dict) else None
        said = isinstance(labels, list) and sending.message.id in labels
        return (key, said) if isinstance(key, str) and _ISSUE.fullmatch(key) else ("", False)

    def _create(self, sending: Sending) -> Receipt:
        message = sending.message
        fields = {
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": message.subject[:MAX_SUMMARY],
            "description": _document(message),
            "labels": ["probity", _label(message), message.id],
        }
        key = self._ask(sending, "POST", "/issue", {"fields": fields}).text_at("key")
        return Receipt(key if _ISSUE.fullmatch(key) else "", "opened")

    def _commented(self, sending: Sending, issue: str) -> bool:
        reply = self._ask(sending, "GET", f"/issue/{issue}/comment?orderBy=-created&maxResults={COMMENTS}")
        return sending.message.id.encode() in reply.body

    def _move(self, sending: Sending, issue: str) -> str:
        """Make the configured transition; return what is wrong when the issue does not offer it."""
        offered = self._ask(sending, "GET", f"/issue/{issue}/transitions").json().get("transitions")
        for transition in offered if isinstance(offered, list) else []:
            if isinstance(transition, dict) and transition.get("name") == self.resolved:
                self._ask(sending, "POST", f"/issue/{issue}/transitions", {"transition": {"id": transition.get("id")}})
                return ""
        return f"issue {issue} offers no transition {self.resolved!r}; move it by hand"

    def _ask(
        self, sending: Sending, method: Literal["GET", "POST"], path: str, body: Any = None, gone: int | None = None
    ) -> Reply:
        token = base64.b64encode(f"{self.user}:{sending.secret(self.token)}".encode()).decode()
        headers = {"authorization": f"Basic {token}", "accept": "application/json"}
        content = None if body is None else as_json(body)
        accepted = frozenset() if gone is None else frozenset({gone})
        return call(Call(method, f"{self.site}/rest/api/3{path}", sending.now, headers, content, accepted=accepted))


def _done(issue: Any) -> bool:
    """Return whether an issue is in a status of the category that every workflow has for what is done."""
    try:
        return bool(issue["fields"]["status"]["statusCategory"]["key"] == "done")
    except (KeyError, TypeError):
        return False


def _label(message: Message) -> str:
    """Return the label of an incident's issue; labels hold no spaces."""
    return f"probity-{text_digest(message.incident)[:24]}"


def _document(message: Message) -> dict[str, Any]:
    """Return the message in Atlassian's document format, in which text is never markup."""
    lines = [f"{message.kind.value}: {message.subject}", *message.text.splitlines(), message.link]
    paragraphs = [*filter(None, lines), f"{message.severity.value} · {message.incident} · {message.id}"]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in paragraphs]
    return {"type": "doc", "version": 1, "content": content}


CHANNEL = Jira
