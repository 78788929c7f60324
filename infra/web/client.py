"""One vendor's API over HTTP: a few hosts, bounded answers, patience for what passes, and no secret in any message."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlencode, urlsplit

import httpx

from evidence.errors import SourceError, Terminal, Transient
from infra.limits import MIB
from infra.source import Gathering
from infra.web.loopback import LOOPBACK
from infra.web.retry import WORTH_ANOTHER, Retry, retry_after

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much one request may take: seconds without a byte, seconds in all, bytes, requests a second."""

    silence: float = 30.0
    whole: float = 300.0
    body: int = 64 * MIB
    per_second: float = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request below the client's address; neither path nor query may hold a secret, for cards show both.

    A POST is sent once: one that got no answer may have done its work all the same. Only being throttled says that it
    did not.
    """

    path: str
    query: Query = ()
    method: Literal["GET", "POST", "DELETE"] = "GET"
    body: bytes = field(default=b"", repr=False)
    media_type: str = ""

    def text(self) -> str:
        """Return path and query as an address shows them."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. `clock_offset_ms` is the server's clock minus ours, where it told its time (to 1 s)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    started: datetime
    finished: datetime
    attempts: int
    clock_offset_ms: int | None


@dataclass(slots=True)
class Client:
    """Asks one API, inside a `with` block that keeps the connection.

    `secret` holds the headers that authenticate; no text that this class makes has them.
    `accepted` are the statuses beside 2xx that are answers rather than errors, such as 404 for a thing that is gone.
    The clock, chance and waiting are arguments.
    """

    address: str
    secret: Mapping[str, str] = field(repr=False)
    egress: frozenset[str]
    now: Callable[[], datetime]
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = lambda: 0.0
    monotonic: Callable[[], float] = time.monotonic
    bounds: Bounds = field(default_factory=Bounds)
    retry: Retry = field(default_factory=Retry)
    accepted: frozenset[int] = frozenset()
    _last: float | None = field(default=None, init=False)
    _http: httpx.Client | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Refuse an address that is not HTTPS (loopback excepted) or whose host is not on the list for egress."""
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
            raise Terminal(f"{self.address}: evidence is fetched over https only")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise Terminal(f"{host}: the address of an API is a scheme, a host and a path, and nothing else")
        if host not in self.egress:
            raise Terminal(f"{host} is not a host that evidence may be fetched from; add it to `egress` in audit.yaml")

    def __enter__(self) -> Self:
        self._http = httpx.Client(timeout=self.bounds.silence, follow_redirects=False, trust_env=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._http is not None:
            self._http.close()

    @property
    def host(self) -> str:
        """Return the host that is asked."""
        return urlsplit(self.address).hostname or ""

    def send(self, request: Request) -> Answer:
        """Return the answer to one request; sends it again only after errors that pass.

        Raises `Transient` when attempts or patience end, and `Terminal` for an answer that another attempt would
        not change, an answer larger than its bound, or a redirection: those lead where nobody allowed us to go.
        """
        attempt = 0
        while True:
            attempt += 1
            asked: float | None = None
            again = request.method != "POST"
            try:
                answer = self._once(request, attempt)
            except Transient as cause:
                failure: SourceError = cause
            else:
                again |= answer.status == HTTPStatus.TOO_MANY_REQUESTS
                if answer.status in self.accepted or 200 <= answer.status < 300:
                    return answer
                failure = self._refused(request, answer)
                if isinstance(failure, Terminal):
                    raise failure
                asked = retry_after(answer.headers, answer.finished)
            wait = self.retry.wait(attempt, self.chance(), asked) if again else None
            if wait is None:
                more = f" and asks to wait {asked:.0f} s" if asked is not None else ""
                raise Transient(f"{failure}{more}; given up after {attempt} attempts")
            self.pause(wait)

    def _once(self, request: Request, attempt: int) -> Answer:
        if self._http is None:
            raise RuntimeError("a client asks inside its `with` block")
        self._keep_rate()
        started, began = self.now(), self.monotonic()
        headers = {**self.secret, "accept-encoding": "identity"}
        if request.media_type:
            headers["content-type"] = request.media_type
        try:
            with self._http.stream(
                request.method,
                self.address.rstrip("/") + request.path,
                params=request.query or None,
                content=request.body or None,
                headers=headers,
            ) as reply:
                body = self._body(request, reply, began)
                told = {name.lower(): value for name, value in reply.headers.items()}
                status = reply.status_code
        except httpx.TransportError as cause:
            # The class says what happened; the text may quote headers.
            raise Transient(f"{self.host}{request.path}: the connection failed ({type(cause).__name__})") from None
        finished = self.now()
        return Answer(status, told, body, started, finished, attempt, _offset(told, started, finished))

    def _body(self, request: Request, reply: httpx.Response, began: float) -> bytes:
        if reply.headers.get("content-encoding", "identity") != "identity":
            raise Terminal(f"{self.host}{request.path}: answered compressed although it was asked not to")
        chunks, size = [], 0
        for chunk in reply.iter_raw():
            size += len(chunk)
            if size > self.bounds.body:
                raise Terminal(f"{self.host}{request.path}: answers more than {self.bounds.body} bytes")
            if self.monotonic() - began > self.bounds.whole:
                raise Transient(f"{self.host}{request.path}: was not done after {self.bounds.whole:.0f} s")
            chunks.append(chunk)
        return b"".join(chunks)

    def _refused(self, request: Request, answer: Answer) -> SourceError:
        what = f"{self.host}{request.path}: answered {answer.status}"
        if answer.status in WORTH_ANOTHER:
            return Transient(what)
        if 300 <= answer.status < 400:
            return Terminal(f"{what}, a redirection, which is not followed; set the address it leads to")
        hint = {
            401: "; the credential is not accepted, or has expired",
            403: "; the credential has no right to this",
            404: "; there is nothing at this address",
        }.get(answer.status, "")
        return Terminal(what + hint)

    def _keep_rate(self) -> None:
        moment = self.monotonic()
        if self._last is not None:
            early = self._last + 1 / self.bounds.per_second - moment
            if early > 0:
                self.pause(early)
                moment += early
        self._last = moment


def gathering_client(
    gathering: Gathering,
    address: str,
    secret: Mapping[str, str],
    egress: frozenset[str],
    accepted: frozenset[int] = frozenset(),
) -> Client:
    """Return the client of a gathering, with its clock, patience, chance and limits."""
    at, bounds = gathering, Bounds(silence=gathering.limits.silence)
    return Client(address, secret, egress, at.now, at.pause, at.chance, bounds=bounds, accepted=accepted)


def _offset(headers: Mapping[str, str], started: datetime, finished: datetime) -> int | None:
    try:
        told = parsedate_to_datetime(headers["date"])
        middle = started + (finished - started) / 2
        return round((told - middle).total_seconds() * 1000)
    except (KeyError, ValueError, TypeError):
        return None
