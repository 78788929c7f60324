"""A throw-away engagement for tests of gathering: fixed clock, visible tokens, small helpers to write evidence."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evidence.locker import Locker
from evidence.model import ExtractionCard, Period
from infra.limits import Limits
from infra.source import CacheAt, Gathered, Gathering
from infra.sources import discover

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
JUNE = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))

LIFECYCLE = ("system_id", "record_id", "content_class", "captured_at", "deleted_at")


def lifecycle(number: int = 1, **changes: Any) -> dict[str, Any]:
    row = {
        "system_id": "app",
        "record_id": f"r{number}",
        "content_class": "prompt",
        "captured_at": "2025-06-02T08:00:00Z",
        "deleted_at": "2025-06-02T20:00:00Z",
    }
    return row | changes


class Engagement:
    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self.root, self.evidence = root, root / "evidence"
        self.evidence.mkdir()
        self.limits = limits or Limits()
        self.said: list[tuple[str, int, int]] = []
        self.workers = 0
        self.cache: CacheAt | None = None
        self.as_of: datetime | None = None

    def gathering(self) -> Gathering:
        return Gathering(
            root=self.root,
            locker=Locker(self.root / "locker"),
            tables=self.root / "tables",
            period=JUNE,
            now=lambda: NOW,
            token=lambda value: f"token:{len(value)}",
            progress=lambda *said: self.said.append(said),
            limits=self.limits,
            workers=self.workers,
            cache=self.cache,
            as_of=self.as_of,
        )

    def gather(self, kind: str = "files", path: str = "evidence", **settings: Any) -> Gathered:
        gathering = self.gathering()
        discover()[kind].model_validate({"kind": kind, "path": path, **settings}).gather(gathering)
        return gathering.gathered()

    def csv(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        listed = list(rows)
        lines = [",".join(listed[0]), *(",".join("" if v is None else str(v) for v in row.values()) for row in listed)]
        return self.text(name, "\n".join(lines) + "\n")

    def jsonl(self, name: str, rows: Iterable[Any]) -> Path:
        return self.text(name, "".join(json.dumps(row) + "\n" for row in rows))

    def text(self, name: str, content: str) -> Path:
        return self.raw(name, content.encode())

    def raw(self, name: str, content: bytes) -> Path:
        path = self.evidence / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
        return path


def rows_of(gathered: Gathered, family: str) -> list[dict[str, Any]]:
    return [row for path in gathered.tables[family] for row in pq.read_table(path).to_pylist()]


def card_of(gathered: Gathered, address: str) -> ExtractionCard:
    return next(card for card in gathered.cards if card.address == address)
