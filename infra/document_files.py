"""The files that rows of `documents` speak of: hashed by us, whatever the row claims."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

import pyarrow as pa

from evidence.locker import Stored
from infra.folder import Folder
from infra.listing import Entry
from infra.tally import Tally

_MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".xml": "application/xml",
    ".txt": "text/plain",
    ".html": "text/html",
    ".eml": "message/rfc822",
    ".p7m": "application/pkcs7-mime",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class DocumentFiles:
    """Stores each file once, with a card that counts no rows, and says of each row whether its digest holds."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._listed = {entry.name: entry for entry in folder.entries}
        self._digests: dict[str, str | None] = {}
        self.names: set[str] = set()

    def with_states(self, rows: pa.Table) -> pa.Table:
        """Return rows of `documents` with `file_state` filled in: `match`, `mismatch` or `absent`.

        A file counts as absent if it does not lie inside the evidence folder after following links, is larger than
        the limit for documents, or is not a regular file. A row that claims no digest never matches.
        """
        claims = zip(rows.column("file").to_pylist(), rows.column("file_sha256").to_pylist(), strict=True)
        states = pa.array([self._state(file, claimed) for file, claimed in claims], pa.string())
        return rows.set_column(rows.schema.get_field_index("file_state"), rows.schema.field("file_state"), states)

    def _state(self, file: str | None, claimed: str | None) -> str:
        if file is None:
            return "absent"
        if file not in self._digests:
            self._digests[file] = self._hash(file)
        found = self._digests[file]
        if found is None:
            return "absent"
        return "match" if claimed is not None and claimed.strip().lower() == found else "mismatch"

    def _hash(self, file: str) -> str | None:
        entry = self._find(file)
        if entry is None:
            return None
        first_time = entry.name not in self.names
        self.names.add(entry.name)
        started = self._folder.gathering.now()
        stored = self._folder.store(entry, limit=self._folder.gathering.limits.document, families=("documents",))
        if stored is not None and first_time:
            self._add_card(entry, stored, started)
        return stored.sha256 if stored is not None else None

    def _find(self, file: str) -> Entry | None:
        asked = PurePosixPath(file)
        if asked.is_absolute() or ".." in asked.parts:
            return None
        # Only a listed file can be meant: the listing has already refused whatever leads out of the folder.
        return self._listed.get(asked.as_posix())

    def _add_card(self, entry: Entry, stored: Stored, started: datetime) -> None:
        gathering = self._folder.gathering
        gathering.add_card(
            self._folder.source,
            stored,
            Tally(entry.name, gathering.limits),
            started=started,
            address=self._folder.address(entry.name),
            media_type=_MEDIA_TYPES.get(PurePosixPath(entry.name).suffix.lower(), "application/octet-stream"),
            families=("documents",),
        )
