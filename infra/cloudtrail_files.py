"""Delivered CloudTrail log files into rows: every record is a row, not relevant, a duplicate or unreadable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.families import family
from evidence.locker import Stored
from infra.bedrock_events import PROCESSING, Event, NotAnEvent, event_of, event_source
from infra.decompress import is_gzip, open_inflated
from infra.folder import Folder
from infra.json_stream import Broken, Found, JsonStream
from infra.listing import Entry
from infra.rows import Rows
from infra.source import Gathering, Source
from infra.strict_json import Decoder, NotJson
from infra.tally import Tally

FAMILIES = ("audit_log", "processing_activity")
SUFFIXES = tuple(f"{kind}{packed}" for kind in (".json", ".jsonl", ".ndjson") for packed in ("", ".gz"))

#: Parts of a path that say what a file is instead of a log of API calls.
OTHER_KINDS = {
    "CloudTrail-Digest": "a digest of log files",
    "CloudTrail-Insight": "insights, not API calls",
    "BedrockModelInvocationLogs": "model invocation logs hold prompts and are not read",
    "amazon-bedrock-logs-permission-check": "a permission check without records",
}
#: Services that also process content and whose events this source does not know how to read.
KIN = ("bedrock", "aws-external-anthropic")


def gather_cloudtrail(source: Source, configured: str, gathering: Gathering) -> None:
    """Store and read every log file below a folder; the folder's card names every file that is none."""
    folder = Folder(gathering, source, configured)
    with ExitStack() as stack:
        tables = {name: stack.enter_context(_Table(gathering, source.kind, name)) for name in FAMILIES}
        reading = _Reading(folder, tables)
        for done, entry in enumerate(folder.entries, start=1):
            why = _why_not(entry.name)
            if why:
                folder.skip(entry.name, why)
            else:
                reading.gather(entry)
            gathering.progress(source.kind, done, len(folder.entries))
        if reading.read_anything:
            for table in tables.values():
                table.keep()
    folder.finish()


def _why_not(name: str) -> str:
    for marker, why in OTHER_KINDS.items():
        if marker in name:
            return why
    return "" if name.lower().endswith(SUFFIXES) else f"not called {', '.join(SUFFIXES)}"


class _Table(ExitStack):
    """One family's part for the whole folder: a part per log file would make a hundred thousand of them."""

    def __init__(self, gathering: Gathering, source: str, name: str) -> None:
        super().__init__()
        self._gathering, self._name, self._rows = gathering, name, Rows(family(name))
        self._normaliser = self.enter_context(gathering.normaliser(name, source))
        self._part = self.enter_context(gathering.part(name))

    def add(self, record: Mapping[str, Any], *, artefact: str, row: int, defects: Iterable[str]) -> None:
        self._rows.add(record, artefact=artefact, row=row, defects=tuple(defects))
        if len(self._rows) >= self._gathering.limits.batch_rows:
            self._write()

    def keep(self) -> None:
        self._write()
        self._gathering.keep_part(self._name, self._part)

    def _write(self) -> None:
        if len(self._rows):
            self._part.add(self._normaliser.typed(self._rows.take()))


@dataclass(slots=True)
class _Reading:
    folder: Folder
    tables: Mapping[str, _Table]
    read_anything: bool = False
    # The first record of each eventID by a digest of its content, over the whole folder: 16 bytes each.
    seen: dict[str, bytes] = field(default_factory=dict)
    decoder: Decoder = field(default_factory=Decoder)

    def gather(self, entry: Entry) -> None:
        gathering = self.folder.gathering
        started = gathering.now()
        stored = self.folder.store(entry, limit=gathering.limits.log_object, families=FAMILIES)
        if stored is None:
            return
        self.read_anything = True
        tally = Tally(entry.name, gathering.limits)
        path = gathering.locker.path(stored.sha256)
        with open_inflated(path, gathering.limits) as raw:
            stream = JsonStream(raw, gathering.limits)
            for found in stream.records():
                self._take(found, stored.artefact, tally)
        if stream.damage is not None:
            tally.break_off(f"record {tally.received + 1}", stream.damage)
        self._add_card(entry, stored, tally, started, "application/gzip" if is_gzip(path) else "application/json")

    def _take(self, found: Found, artefact: str, tally: Tally) -> None:
        row = tally.received
        place = f"record {row + 1}"
        try:
            record = self._unwrapped(found)
            source = event_source(record)
            if source not in PROCESSING:
                tally.not_relevant += 1
                if source.startswith(KIN):
                    tally.problem(f"{tally.name}: events of {source} are not read by this source")
                return
            event = event_of(record)
        except NotAnEvent as cause:
            tally.lose(place, found.count if isinstance(found, Broken) else 1)
            tally.problem(f"{tally.name}:{place}: {cause}")
            return
        if self._is_new(event, record, place, tally):
            self._write(event, artefact, row)
            tally.rows += 1

    def _unwrapped(self, found: Found) -> Any:
        if isinstance(found, Broken):
            raise NotAnEvent(found.why)
        inner = found.get("CloudTrailEvent") if isinstance(found, dict) and "eventSource" not in found else None
        if not isinstance(inner, str):
            return found
        try:
            return self.decoder.decode(inner)
        except NotJson as cause:
            raise NotAnEvent(f"CloudTrailEvent is not strict JSON ({cause})") from cause

    def _is_new(self, event: Event, record: Any, place: str, tally: Tally) -> bool:
        content = hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).digest()
        first = self.seen.setdefault(event.event_id, content)
        if first is content:
            return True
        if first == content:
            tally.duplicates += 1
        else:
            tally.lose(place)
            tally.problem(f"{tally.name}:{place}: two different records share eventID {event.event_id[:80]}")
        return False

    def _write(self, event: Event, artefact: str, row: int) -> None:
        self.tables["audit_log"].add(event.audit, artefact=artefact, row=row, defects=event.defects)
        if event.processing is not None:
            self.tables["processing_activity"].add(event.processing, artefact=artefact, row=row, defects=event.defects)

    def _add_card(self, entry: Entry, stored: Stored, tally: Tally, started: datetime, media_type: str) -> None:
        self.folder.gathering.add_card(
            self.folder.source,
            stored,
            tally,
            started=started,
            address=self.folder.address(entry.name),
            media_type=media_type,
            families=FAMILIES,
        )
