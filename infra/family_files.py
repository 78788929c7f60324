"""Files named after record families: which file feeds which table, in which format."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from evidence.families import Family, all_families, family
from evidence.locker import Stored
from infra.cloud_logs import LOGS, gather_cloud_logs, log_of
from infra.cloud_records import FAMILIES as CLOUD_FAMILIES
from infra.decompress import is_gzip
from infra.document_files import DocumentFiles
from infra.folder import Folder
from infra.limits import Limits
from infra.listing import Entry, list_folder
from infra.readers.csv_file import read_csv
from infra.readers.json_lines import read_json_lines
from infra.readers.parquet_file import read_parquet
from infra.source import Gathering, Source
from infra.tally import Tally

Reader: TypeAlias = Callable[[Path, Family, str, Tally], Iterator[pa.Table]]


class Format(NamedTuple):
    """How files of one kind are read; `textual` formats have no types of their own."""

    media_type: str
    reader: Reader
    textual: bool = False


_CSV = Format("text/csv", read_csv, textual=True)
_JSON_LINES = Format("application/jsonl", read_json_lines)
_PARQUET = Format("application/vnd.apache.parquet", read_parquet)
FORMATS = {
    ".parquet": _PARQUET,
    ".csv": _CSV,
    ".csv.gz": _CSV,
    ".jsonl": _JSON_LINES,
    ".jsonl.gz": _JSON_LINES,
}
PACKED = ".gz"


def gather_family_files(source: Source, configured: str, gathering: Gathering) -> None:
    """Store and read every file of a folder that is named after a family; the folder's card names every other one."""
    folder = Folder(gathering, source, configured)
    documents = DocumentFiles(folder)
    others: list[tuple[str, str]] = []
    logs: dict[str, list[Entry]] = {}
    for done, entry in enumerate(folder.entries, start=1):
        name, form = _family_of(entry.name), _format_of(entry.name)
        if (log := log_of(entry.name)) is not None:
            logs.setdefault(log, []).append(entry)
        elif name is None or form is None:
            others.append((entry.name, _why_not(entry.name, name)))
        else:
            _Artefact(folder, documents, entry, name, form).gather()
        gathering.progress(source.kind, done, len(folder.entries))
    for log, entries in sorted(logs.items()):
        gather_cloud_logs(folder, log, entries)
    for other, why in others:
        named = _family_of(other)
        if other in documents.names:
            continue
        if named is not None:
            # Evidence in a format that is not read is evidence withheld, not a stray file.
            folder.lose(other, why, families=(named,))
        else:
            folder.skip(other, why)
    folder.finish()


def families_in(folder: Path, shown: str) -> tuple[str, ...]:
    """Return the families that have a file in a folder, by its name alone; raises as `list_folder` does."""
    found: set[str] = set()
    for entry in list_folder(folder, shown=shown, limits=Limits()):
        if log_of(entry.name) is not None:
            found.update(CLOUD_FAMILIES)
        elif (name := _family_of(entry.name)) is not None and _format_of(entry.name) is not None:
            found.add(name)
    return tuple(sorted(found))


class _Artefact(NamedTuple):
    folder: Folder
    documents: DocumentFiles
    entry: Entry
    name: str
    form: Format

    def gather(self) -> None:
        gathering = self.folder.gathering
        started = gathering.now()
        stored = self.folder.store(self.entry, limit=gathering.limits.artefact, families=(self.name,))
        if stored is None:
            return
        tally = Tally(self.entry.name, gathering.limits)
        self._read(stored, tally)
        self._add_card(stored, tally, started)

    def _read(self, stored: Stored, tally: Tally) -> None:
        if not stored.size and self.entry.name.endswith(PACKED):
            tally.break_off("its start", "a compressed file has at least its header")
        gathering, source = self.folder.gathering, self.folder.source.kind
        # What is parsed is the stored copy: the delivered file may change while it is being read.
        batches = self.form.reader(gathering.locker.path(stored.sha256), family(self.name), stored.artefact, tally)
        normaliser = gathering.normaliser(self.name, source, textual=self.form.textual)
        with gathering.part(self.name) as part, normaliser:
            for batch in batches:
                if len(batch):
                    rows = normaliser.typed(batch)
                    part.add(self.documents.with_states(rows) if self.name == "documents" else rows)
            if not tally.refused:
                gathering.keep_part(self.name, part)

    def _add_card(self, stored: Stored, tally: Tally, started: datetime) -> None:
        gathering = self.folder.gathering
        gathering.add_card(
            self.folder.source,
            stored,
            tally,
            started=started,
            address=self.folder.address(self.entry.name),
            media_type="application/gzip" if is_gzip(gathering.locker.path(stored.sha256)) else self.form.media_type,
            families=(self.name,),
        )


def _family_of(name: str) -> str | None:
    first = name.split("/", maxsplit=1)[0]
    stem = first if "/" in name else first.split(".")[0]
    return stem if stem in all_families() else None


def _format_of(name: str) -> Format | None:
    last = name.rsplit("/", maxsplit=1)[-1]
    return next((form for suffix, form in FORMATS.items() if last.endswith(suffix) and last != suffix), None)


def _why_not(name: str, named: str | None) -> str:
    if named is not None:
        return f"not one of {', '.join(FORMATS)}"
    near = difflib.get_close_matches(name.replace("/", ".").split(".")[0], (*all_families(), *LOGS), n=1)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return f"not named after a record family{meant}"
