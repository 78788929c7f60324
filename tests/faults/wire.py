"""Faults between us and a vendor: refusals, answers cut short, late, foreign, repeated or of another form."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

from tests.faults.scenario import SILENCE, Fault
from tests.vendor_server import Handler, Params, Reply

#: Passing faults strike one request so many times; what we try is five times.
PASSING = ("429", "500", "503", "529", "cut", "slow")
LASTING = ("expired", "forbidden", "gone", "torn", "html", "empty", "loop", "again", "drift", "skew", "compressed")
HTTP = (*PASSING, *LASTING)


class Late(threading.Event):
    """Lets the body wait for longer than anybody listens."""

    def wait(self, timeout: float | None = None) -> bool:
        time.sleep(2 * SILENCE)
        return True


@dataclass
class Spoiled:
    """A handler that strikes at one request, drawn from those of a clean run."""

    handler: Handler
    fault: Fault
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: int = 0
    target: str = ""
    struck: Counter[str] = field(default_factory=Counter)
    earlier: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        draw = self.fault.draw
        self.number = draw.randrange(max(self.fault.requests, 1))
        self.times = draw.choice((1, 1, 2, 4)) if draw.random() < 0.8 else 9
        if self.fault.name == "slow":
            self.times = min(self.times, 2)

    def __call__(self, path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        reply = self.handler(path, params, headers)
        with self.lock:
            asked = f"{path}?{params}"
            if self.seen == self.number and not self.target:
                self.target = asked
            self.seen += 1
            after = bool(self.target)
            due = asked == self.target
            self.struck[asked] += due
            found = self._spoil(reply, path, due=due, after=after, count=self.struck[asked])
            if found is not reply:
                self.fault.strike(f"{self.fault.name} at {path}")
            self.earlier[path].append(reply)
        return found

    def _spoil(self, reply: Reply, path: str, *, due: bool, after: bool, count: int) -> Reply:
        name = self.fault.name
        if name == "expired":
            return refusal(401) if after else reply
        if name == "skew":
            return replace(reply, headers={**reply.headers, "Date": formatdate(time.time() + 7200, usegmt=True)})
        if not due or (name in PASSING and count > self.times) or reply.status != 200:
            return reply
        if name.isdigit():
            return refusal(int(name), {"Retry-After": "0"})
        return CHANGES[name](self, reply, path)


def refusal(status: int, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply({"type": "error", "error": {"type": "storm"}}, status, headers or {})


def _cut(spoiled: Spoiled, reply: Reply, _: str) -> Reply:
    whole = reply.encoded()
    kept = spoiled.fault.draw.randrange(len(whole) + 1)
    return replace(reply, body=whole[:kept], promised=max(len(whole) - kept, 1))


def _torn(spoiled: Spoiled, reply: Reply, _: str) -> Reply:
    whole = reply.encoded()
    return replace(reply, body=whole[: spoiled.fault.draw.randrange(len(whole))])


def _parsed(reply: Reply) -> dict[str, Any]:
    found = json.loads(reply.encoded())
    return found if isinstance(found, dict) else {}


def _loop(spoiled: Spoiled, reply: Reply, path: str) -> Reply:
    """Say that there is more, after a cursor that was there already."""
    body, cursors = _parsed(reply), [_parsed(old).get("last_id") for old in (*spoiled.earlier[path], reply)]
    known = [cursor for cursor in cursors if cursor]
    if "last_id" not in body or not known:
        return reply
    return replace(reply, body=body | {"has_more": True, "last_id": known[0]})


def _again(spoiled: Spoiled, reply: Reply, path: str) -> Reply:
    """Repeat the records of the page before, and one of this page's own."""
    body = _parsed(reply)
    data = body.get("data")
    if not isinstance(data, list) or not data:
        return reply
    before = [one for old in spoiled.earlier[path][-1:] for one in (_parsed(old).get("data") or [])]
    return replace(reply, body=body | {"data": [*before, *data, data[0]]})


def _drift(spoiled: Spoiled, reply: Reply, _: str) -> Reply:
    """Rename a member of every record, or of the page, or give another type to a value."""
    body, draw = _parsed(reply), spoiled.fault.draw
    names = sorted(name for name, value in body.items() if isinstance(value, list))
    if not names:
        return replace(reply, body={f"{name}_v2": value for name, value in body.items()})
    listed = names[0]
    way = draw.choice(("page", "member", "type"))
    records = [one for one in body[listed] if isinstance(one, dict)]
    if way == "page" or not records:
        return replace(reply, body={k: v for k, v in body.items() if k != listed} | {f"{listed}_v2": body[listed]})
    member = draw.choice(sorted(set(records[0])))
    if way == "member":
        changed = [{(f"{k}_v2" if k == member else k): v for k, v in one.items()} for one in records]
    else:
        changed = [one | {member: {"value": one.get(member)}} for one in records]
    return replace(reply, body=body | {listed: changed})


CHANGES: Mapping[str, Callable[[Spoiled, Reply, str], Reply]] = {
    "cut": _cut,
    "slow": lambda _, reply, __: replace(reply, held=Late()),
    "forbidden": lambda _, __, ___: refusal(403),
    "gone": lambda _, __, ___: refusal(404),
    "torn": _torn,
    "html": lambda _, reply, __: replace(reply, body=b"<html>Just a moment</html>"),
    "empty": lambda _, reply, __: replace(reply, body=b""),
    "compressed": lambda _, reply, __: replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"}),
    "loop": _loop,
    "again": _again,
    "drift": _drift,
}


def spoiled(handler: Handler, fault: Fault) -> Handler:
    """Return a handler that answers as another one does, through a fault."""
    return Spoiled(handler, fault)
