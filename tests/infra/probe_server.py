"""Files, messages and responses of two vendors as documented, by a clock of our own, and with faults on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evidence.locker import Locker
from evidence.model import Period
from infra.probes import run_probes
from infra.source import Gathered, Gathering
from infra.sources.probe import Probe
from infra.web.client import Client, gathering_client
from tests.vendor_server import Params, Reply, VendorServer, serving

OCTOBER = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
WRITER, READER = "sk-writer-not-to-be-seen", "sk-reader-not-to-be-seen"


@dataclass
class Clock:
    """Ours: a millisecond later every time it is read."""

    at: datetime

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass
class Vendor:
    """What the vendor holds. `skew` is its clock minus ours; `broken` answers instead, by method and path prefix.

    `keeps` deleted files, `stores` what it was told not to, `knows` numbers by label; a reader `may_delete`.
    """

    clock: Clock
    skew: timedelta | None = timedelta(0)
    keeps: bool = False
    may_delete: bool = False
    stores: bool = False
    knows: dict[str, str] = field(default_factory=dict)
    broken: dict[tuple[str, str], Reply] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    responses: dict[str, str] = field(default_factory=dict)
    server: VendorServer | None = None
    made: int = 0

    def answer(self, path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        assert self.server is not None
        method, body = self.server.sent[-1]
        reply = self._answer(method, path, body, headers)
        told = {} if self.skew is None else {"Date": format_datetime(self.clock.at.astimezone(UTC) + self.skew, True)}
        return Reply(reply.body, reply.status, {"Date": "unknown"} | told | dict(reply.headers), reply.promised)

    def _answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        for (wanted, prefix), reply in self.broken.items():
            if method == wanted and path.startswith(prefix):
                return reply
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if key not in {WRITER, READER}:
            return Reply(status=401)
        if path.startswith("/v1/files"):
            return self._file(method, path, body, key)
        if path == "/v1/messages":
            text = json.loads(body)["messages"][0]["content"]
            return Reply({"type": "message", "content": [{"type": "text", "text": self._says(text)}]})
        return self._response(method, path, body)

    def _file(self, method: str, path: str, body: bytes, key: str) -> Reply:
        thing = path.removeprefix("/v1/files").lstrip("/")
        if method == "POST":
            self.made += 1
            self.files[f"file_{self.made}"] = body.decode()
            return Reply({"id": f"file_{self.made}", "type": "file"})
        if thing not in self.files:
            return Reply({"type": "error"}, status=404)
        if method == "DELETE":
            if key == READER and not self.may_delete:
                return Reply(status=403)
            if not self.keeps:
                del self.files[thing]
            return Reply({"id": thing, "type": "file_deleted"})
        return Reply({"id": thing, "type": "file"})

    def _response(self, method: str, path: str, body: bytes) -> Reply:
        thing = path.removeprefix("/v1/responses").lstrip("/")
        if method == "POST":
            asked = json.loads(body)
            self.made += 1
            if asked["store"] and self.stores:
                self.responses[f"resp_{self.made}"] = asked["input"]
            said = [{"type": "message", "content": [{"type": "output_text", "text": self._says(asked["input"])}]}]
            return Reply({"id": f"resp_{self.made}", "output": said})
        if thing not in self.responses:
            return Reply(status=404)
        if method == "DELETE":
            del self.responses[thing]
        return Reply({"id": thing})

    def _says(self, text: str) -> str:
        label = re.search(r"depot ([a-z2-7]+) has", text)
        if label is None:
            return "noted"
        known = [self.knows[label[1]]] if label[1] in self.knows else []
        return "\n".join([*known, *(f"{number:06d}" for number in range(111_111, 111_120))])


def planted(sent: list[tuple[str, bytes]]) -> dict[str, str]:
    """Return the numbers that were planted, by label, out of everything that was sent."""
    text = b"\n".join(body for _, body in sent).decode()
    return dict(re.findall(r"depot ([a-z2-7]+) is ([0-9]{6})", text))


def vendor(at: datetime, **more: Any) -> Vendor:
    return Vendor(Clock(at), **more)


def configured(server: VendorServer | None = None, **settings: Any) -> Probe:
    given = {"credential": "WRITER_KEY", "enabled": True} | settings
    return Probe.model_validate(given | ({} if server is None else {"endpoint": server.address}))


def audit(
    folder: Path,
    at: Vendor,
    server: VendorServer,
    as_of: datetime | None = None,
    period: Period = OCTOBER,
    client: Callable[..., Client] = gathering_client,
    egress: frozenset[str] | None = None,
    **settings: Any,
) -> Gathered:
    """Gather once; what is remembered lies in the same folder every time."""
    at.server = server
    gathering = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / f"tables-{len(list(folder.glob('tables-*')))}",
        period=period,
        now=at.clock,
        as_of=as_of or at.clock.at,
        token=lambda value: value,
        journals=folder / "journals",
        variable={"WRITER_KEY": WRITER, "READER_KEY": READER}.get,
        pause=lambda _: None,
        egress=egress,
        entropy=lambda count: bytes(range(count)),
    )
    with ExitStack() as stack:
        run_probes(configured(server, **settings), gathering, stack, client)
    return gathering.gathered()


def audits(folder: Path, at: Vendor, *gaps: timedelta, **settings: Any) -> list[Gathered]:
    """Gather once, and again after each of the gaps."""
    with serving(at.answer) as server:
        found = [audit(folder, at, server, **settings)]
        for gap in gaps:
            at.clock.at += gap
            found.append(audit(folder, at, server, **settings))
    return found


def table(found: Gathered, name: str) -> list[dict[str, Any]]:
    return [row for path in found.tables.get(name, ()) for row in pq.read_table(path).to_pylist()]
