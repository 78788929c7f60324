"""A folder as a source of artefacts: what was read, what was skipped and what was lost, all of it on a card."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePath

from evidence.canonical import canonical_bytes
from evidence.errors import LimitExceeded
from evidence.locker import Batch, Stored
from infra.listing import Entry, list_folder
from infra.source import NO_CUSTODY, Custody, Gathering, Source
from infra.tally import Tally

LISTING_MEDIA_TYPE = "application/vnd.probity.listing+json"
NAMED_SKIPPED = 20


@dataclass(slots=True)
class Folder:
    """The files of one configured folder. `finish` adds the folder's own card, whose artefact is the listing.

    `listed` are files that were fetched from elsewhere; `configured` is then the address they were fetched from, and
    `custody` what is known of some of them by name.
    """

    gathering: Gathering
    source: Source
    configured: str
    listed: tuple[Entry, ...] | None = None
    custody: Mapping[str, Custody] = field(default_factory=dict)
    entries: tuple[Entry, ...] = field(init=False)
    _skipped: dict[str, str] = field(default_factory=dict, init=False)
    _lost: dict[str, str] = field(default_factory=dict, init=False)
    _hit: set[str] = field(default_factory=set, init=False)
    _started: datetime = field(init=False)

    def __post_init__(self) -> None:
        """List the folder; raises `BadInput` if there is none."""
        self._started = self.gathering.now()
        if self.listed is None:
            self.entries = list_folder(self.path, shown=self.shown, limits=self.gathering.limits)
        else:
            self.entries = self.listed

    @property
    def path(self) -> Path:
        """Return where the folder is on this machine; never written anywhere."""
        return self.gathering.root / self.configured

    @property
    def shown(self) -> str:
        """Return how the folder is called on cards: as written in the audit file, without paths of this machine."""
        if self.listed is not None:
            return self.configured
        configured = PurePath(self.gathering.shown or self.configured)
        return configured.name if configured.is_absolute() else configured.as_posix()

    def address(self, name: str) -> str:
        """Return the address of a file of the folder as cards state it."""
        return f"{self.shown}/{name}"

    def custody_of(self, name: str) -> Custody:
        """Return what is known of how a file came to us."""
        return self.custody.get(name, NO_CUSTODY)

    def store(
        self, entry: Entry, *, limit: int, families: tuple[str, ...] = (), into: Batch | None = None
    ) -> Stored | None:
        """Store a file raw; one that may not be read counts as a lost record of `families` and gives None."""
        if not entry.refused:
            try:
                return self.gathering.store(entry.path, limit=limit, into=into)
            except LimitExceeded as cause:
                self.lose(entry.name, str(cause), families=families)
                return None
        self.lose(entry.name, entry.refused, families=families)
        return None

    def skip(self, name: str, why: str) -> None:
        """Note a file that is no evidence for this source."""
        self._skipped[name] = why

    def lose(self, name: str, why: str, *, families: tuple[str, ...] = ()) -> None:
        """Note a file that should have been read and could not be: the folder's card is then incomplete."""
        self._lost[name] = why
        self._hit.update(families)

    def finish(self) -> None:
        """Store the listing as an artefact and add its card, which counts nothing but the lost files."""
        tally = Tally(self.shown, self.gathering.limits)
        for name, why in self._lost.items():
            tally.break_off(name, why)
        if not self.entries:
            tally.problem(f"{self.shown}: the folder is empty; put evidence files into it")
        for why in sorted(set(self._skipped.values())):
            names = sorted(name for name, reason in self._skipped.items() if reason == why)
            more = f" and {len(names) - NAMED_SKIPPED} more" if len(names) > NAMED_SKIPPED else ""
            tally.problem(f"{self.shown}: skipped, {why}: {', '.join(names[:NAMED_SKIPPED])}{more}")
        stored = self.gathering.locker.put(io.BytesIO(self._listing()))
        self.gathering.add_card(
            self.source,
            stored,
            tally,
            started=self._started,
            address=self.shown,
            media_type=LISTING_MEDIA_TYPE,
            families=tuple(sorted(self._hit)),
        )

    def _listing(self) -> bytes:
        files = [
            {
                "name": entry.name,
                "size": str(entry.size),
                "skipped": self._skipped.get(entry.name, ""),
                "lost": self._lost.get(entry.name, ""),
            }
            for entry in self.entries
        ]
        return canonical_bytes({"schema": "probity.listing/v1", "folder": self.shown, "files": files})
