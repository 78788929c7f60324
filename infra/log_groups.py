"""Log files in groups that stay the same when more is delivered, so that what was made of a group can be used again."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from evidence.locker import Stored
from infra.listing import Entry
from infra.tally import Tally

#: The day in a name that CloudTrail gave: `<account>_CloudTrail_<region>_<day>T<time>Z_<unique>.json.gz`.
_DAY = re.compile(r"_(\d{8})T\d{4}Z_[^/]*\Z")
#: Among so many names one ends a group, whatever comes before or after it.
_FILES = 64


@dataclass(slots=True)
class LogFile:
    """One stored log file under way to its card."""

    entry: Entry
    stored: Stored
    started: datetime
    media_type: str
    tally: Tally


@dataclass(slots=True)
class LogGroup:
    """Stored files whose rows are parts of their own.

    `fresh` are the events first seen here and `known` those that an earlier group had already, as it had them: digests
    of contents by eventID. Whoever knows that the earlier groups still say so may use what was made of this one.
    """

    files: list[LogFile]
    fresh: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, bytes] = field(default_factory=dict)
    finished: int = 0

    @property
    def whole(self) -> bool:
        """Return whether every file was merged."""
        return self.finished == len(self.files)

    @property
    def digest(self) -> bytes:
        """Return a digest of the names and the bytes of all files."""
        names = (f"{log.entry.name}\0{log.stored.sha256}\n" for log in self.files)
        return hashlib.sha256("".join(names).encode()).digest()


def grouped(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield the files of a folder, given by name, in groups: of one folder and day, and not too many.

    Where a group ends depends on the names beside that place alone.
    """
    for _, day in groupby(entries, key=lambda entry: _day(entry.name)):
        group: list[Entry] = []
        for entry in day:
            group.append(entry)
            if zlib.crc32(entry.name.encode()) % _FILES == 0:
                yield group
                group = []
        if group:
            yield group


def _day(name: str) -> tuple[str, str]:
    found = _DAY.search(name)
    return name.rpartition("/")[0], found[1] if found else ""
