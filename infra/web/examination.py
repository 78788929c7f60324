"""Looking whether an API answers, accepts the credential, and refuses what the credential need not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evidence.errors import SourceError
from infra.examination import Examination, Observation, Outcome, failed
from infra.web.client import Bounds, Client, Request
from infra.web.retry import Retry

BOUNDS = Bounds(silence=10, whole=30)
RETRY = Retry(attempts=2, first=0.5, patience=5)
REFUSED = frozenset({401, 403, 404})


def looking(address: str, secret: Mapping[str, str], egress: frozenset[str], at: Examination) -> Client:
    """Return a client that gives up soon: somebody waits for it."""
    return Client(address, secret, egress, at.now, bounds=BOUNDS, retry=RETRY, accepted=REFUSED)


def needed(client: Client, request: Request, wrong: Callable[[bytes], str] = lambda _: "") -> Observation:
    """Look whether a request is answered that gathering will make; `wrong` says why an answer will not do."""
    what = f"GET {client.host}{request.path}"
    try:
        answer = client.send(request)
    except SourceError as cause:
        return failed(what, cause)
    if answer.status not in REFUSED:
        why = wrong(answer.body)
        outcome = Outcome.UNREADABLE if why else Outcome.FINE
        return Observation(what, outcome, why or f"answered {answer.status}", answer.clock_offset_ms)
    known = {401: "the credential is not accepted, or has expired", 403: "the credential has no right to this"}
    detail = f"answered {answer.status}: {known.get(answer.status, 'there is nothing at this address')}"
    return Observation(what, Outcome.UNREADABLE, detail, answer.clock_offset_ms)


def needless(client: Client, request: Request, without: str) -> Observation:
    """Look whether a request is refused that the credential need not be able to make; `without` says what to do."""
    what = f"GET {client.host}{request.path}, which it must not read"
    try:
        answer = client.send(request)
    except SourceError as cause:
        return Observation(what, Outcome.WARNING, f"cannot be told: {cause}")
    if answer.status in REFUSED:
        return Observation(what, Outcome.FINE, f"refused with {answer.status}", answer.clock_offset_ms)
    return Observation(what, Outcome.WARNING, f"the credential can do more than it needs: {without}")
