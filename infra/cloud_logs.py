"""Logs of clouds as files: Azure Monitor's and Google Cloud's exports, in whatever JSON they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.azure_records import AzureRecords
from infra.cloud_records import FAMILIES
from infra.decompress import is_gzip
from infra.family_rows import FamilyRows
from infra.folder import Folder
from infra.listing import Entry
from infra.stream_records import take_file
from infra.tally import Tally
from infra.vertex_records import VertexRecords

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
        limits = gathering.limits
        listing = isinstance(self.reader, AzureRecords) and self.entry.name.endswith(DEPLOYMENTS)
        # A listing is read at once, where logs are read as they come.
        limit = limits.document if listing else limits.log_object
        stored = self.folder.store(self.entry, limit=limit, families=FAMILIES)
        if stored is None:
            return
        tally, path = Tally(self.entry.name, gathering.limits), gathering.locker.path(stored.sha256)
        if listing and isinstance(self.reader, AzureRecords):
            self._know(path, self.reader, tally)
        else:
            take_file(path, CONTAINERS, self.reader, rows, tally, stored.artefact)
        gathering.add_card(
            self.folder.source,
            stored,
            tally,
            started=started,
            address=self.folder.address(self.entry.name),
            media_type="application/gzip" if is_gzip(path) else "application/json",
            families=FAMILIES,
        )

    def _know(self, path: Path, reader: AzureRecords, tally: Tally) -> None:
        try:
            found: Any = json.loads(path.read_bytes())
            tally.not_relevant += reader.know(found)
        except (ValueError, RecursionError) as cause:
            why = str(cause) if isinstance(cause, ValueError) else "nests too deep"
            tally.break_off("the listing", why)
