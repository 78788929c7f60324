"""One bounded request to a service that takes messages; its address may be a secret and is in no error."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from evidence.errors import Deferred, Rejected
from infra.limits import KIB
from infra.notify.channel import ATTEMPT_SECONDS
from infra.web.loopback import LOOPBACK
from infra.web.retry import WORTH_ANOTHER, retry_after

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 256 * KIB
SILENCE_SECONDS = 20.0
HINTS = {
    401: "; the credential is not accepted, or has expired",
    403: "; the credential has no right to this",
    404: "; there is nothing at this address",
    410: "; the receiver is gone for good",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `hosts` are the only ones it may go to; a name that begins with a dot stands for all below it."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    url: str = field(repr=False)
    now: datetime
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    hosts: tuple[str, ...] | None = None
    accepted: frozenset[int] = frozenset()
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body's JSON object; an empty one when it is none, for services answer as they like."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def text_at(self, *path: str) -> str:
        """Return a text inside the JSON object, or an empty one."""
        found: Any = self.json()
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""


def as_json(value: Any) -> bytes:
    """Return a JSON body."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def call(asked: Call) -> Reply:
    """Return the answer when it is 2xx or among `accepted`.

    Raises `Deferred` for what passes (no connection, time-outs, 408, 425, 429, 5xx) and `Rejected` for everything
    else: other statuses, redirections, which lead where nobody allowed us to go, and addresses that are not https,
    loopback excepted.
    """
    import httpx  # noqa: PLC0415 - naming a channel must not pay for it

    host = _host(asked)
    began = asked.monotonic()
    try:
        with (
            httpx.Client(timeout=SILENCE_SECONDS, follow_redirects=False, trust_env=False) as http,
            http.stream(asked.method, asked.url, headers=_headers(asked), content=asked.content) as reply,
        ):
            body = _body(host, asked, reply, began)
            status, headers = reply.status_code, {name.lower(): value for name, value in reply.headers.items()}
    except httpx.TransportError as cause:
        # The class says what happened; the text may quote the address.
        raise Deferred(f"{host}: the connection failed ({type(cause).__name__})") from None
    except (httpx.InvalidURL, UnicodeError):
        raise Rejected(f"{host}: not an address that can be asked") from None
    if status in asked.accepted or 200 <= status < 300:
        return Reply(status, body)
    if status in WORTH_ANOTHER or status >= 500:
        raise Deferred(f"{host}: answered {status}", retry_after(headers, asked.now))
    raise Rejected(f"{host}: answered {status}{HINTS.get(status, '')}")


def _headers(asked: Call) -> dict[str, str]:
    told = {"content-type": "application/json"} if asked.content is not None else {}
    return {"user-agent": "probity", "accept-encoding": "identity", **told, **asked.headers}


def _host(asked: Call) -> str:
    try:
        parts = urlsplit(asked.url)
        host = parts.hostname or ""
    except ValueError:
        raise Rejected("the address of a channel cannot be read") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise Rejected(f"{host or 'a channel'}: messages are sent over https only")
    if parts.username or parts.password:
        raise Rejected(f"{host}: an address holds no user and password; the channel has settings for them")
    if asked.hosts is not None and not any(_matches(host, allowed) for allowed in asked.hosts):
        raise Rejected(f"{host} is not a host of this service; name it in the channel's `hosts` if it is meant")
    return host


def _matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


def _body(host: str, asked: Call, reply: httpx.Response, began: float) -> bytes:
    chunks, size = [], 0
    for chunk in reply.iter_raw():
        size += len(chunk)
        if size > MAX_ANSWER:
            break  # what came is enough: the status says whether the message was taken
        if asked.monotonic() - began > ATTEMPT_SECONDS:
            raise Deferred(f"{host}: was not done after {ATTEMPT_SECONDS:.0f} s")
        chunks.append(chunk)
    return b"".join(chunks)
