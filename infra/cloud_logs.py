"""Logs of clouds as files: Azure Monitor's and Google Cloud's exports, in whatever JSON they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.errors import LimitExceeded, Terminal
from evidence.locker import Stored
from infra.azure_records import AzureRecords
from infra.cloud_records import FAMILIES
from infra.decompress import is_gzip, open_inflated
from infra.family_rows import FamilyRows
from infra.folder import Folder
from infra.json_stream import Broken, JsonStream
from infra.listing import Entry
from infra.tally import Tally
from infra.vertex_records import VertexRecords
from infra.web.listed import take_record

#: Folders of a `files` source whose files are logs, with what reads a record.
LOGS: Mapping[str, Callable[[], AzureRecords | VertexRecords]] = {
    "azure_logs": AzureRecords,
    "vertex_logs": VertexRecords,
}
SUFFIXES = tuple(f"{kind}{packed}" for kind in (".json", ".jsonl", ".ndjson") for packed in ("", ".gz"))
#: Arrays that hold the records of a whole document: an event hub's, the activity log's, Google's API's.
CONTAINERS = ("records", "value", "entries")
#: In `azure_logs`, a listing of deployments; read before the logs, for it says where they processed.
DEPLOYMENTS = "deployments.json"


def log_of(name: str) -> str | None:
    """Return the kind of log a file belongs to, by the folder it lies in."""
    first, slash, _ = name.partition("/")
    return first if slash and first in LOGS else None


def gather_cloud_logs(folder: Folder, kind: str, entries: Sequence[Entry]) -> None:
    """Store and read the files of one kind of log; a file in another form is evidence withheld, not a stray."""
    gathering, reader = folder.gathering, LOGS[kind]()
    with FamilyRows(gathering, folder.source.kind, FAMILIES) as rows:
        for entry in sorted(entries, key=lambda one: not one.name.endswith(DEPLOYMENTS)):
            if entry.name.lower().endswith(SUFFIXES):
                _LogFile(folder, entry, reader).gather(rows)
            else:
                folder.lose(entry.name, f"not one of {', '.join(SUFFIXES)}", families=FAMILIES)
        rows.keep()


@dataclass(frozen=True, slots=True)
class _LogFile:
    folder: Folder
    entry: Entry
    reader: AzureRecords | VertexRecords

    def gather(self, rows: FamilyRows) -> None:
        gathering, started = self.folder.gathering, self.folder.gathering.now()
        stored = self.folder.store(self.entry, limit=gathering.limits.log_object, families=FAMILIES)
        if stored is None:
            return
        tally = Tally(self.entry.name, gathering.limits)
        if isinstance(self.reader, AzureRecords) and self.entry.name.endswith(DEPLOYMENTS):
            self._know(stored, self.reader, tally)
        else:
            self._read(stored, rows, tally)
        packed = is_gzip(gathering.locker.path(stored.sha256))
        gathering.add_card(
            self.folder.source,
            stored,
            tally,
            started=started,
            address=self.folder.address(self.entry.name),
            media_type="application/gzip" if packed else "application/json",
            families=FAMILIES,
        )

    def _know(self, stored: Stored, reader: AzureRecords, tally: Tally) -> None:
        try:
            found: Any = json.loads(self.folder.gathering.locker.path(stored.sha256).read_bytes())
            tally.not_relevant += reader.know(found)
        except (ValueError, RecursionError) as cause:
            why = str(cause) if isinstance(cause, ValueError) else "nests too deep"
            tally.break_off("the listing", why)

    def _read(self, stored: Stored, rows: FamilyRows, tally: Tally) -> None:
        limits = self.folder.gathering.limits
        try:
            with open_inflated(self.folder.gathering.locker.path(stored.sha256), limits) as stream:
                records = JsonStream(stream, limits, CONTAINERS)
                for number, found in enumerate(records.records(), start=1):
                    if isinstance(found, Broken):
                        tally.lose(f"record {number}", found.count)
                        tally.problem(f"{tally.name}: record {number}: {found.why}")
                    else:
                        take_record(found, number, self.reader, rows, tally, stored.artefact)
                    if tally.unreadable >= limits.unreadable:
                        tally.break_off(f"record {number}", "too many records cannot be read")
                        return
            if records.damage is not None:
                tally.break_off("the end", records.damage)
        except (Terminal, LimitExceeded) as cause:
            tally.break_off("the file", str(cause))
