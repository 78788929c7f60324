"""From what each log file says to the tables of a folder: an event that was delivered twice is one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from evidence.locker import Stored
from infra.limits import Limits
from infra.listing import Entry
from infra.log_reading import Segment
from infra.log_tables import AUDIT, FAMILIES, TypedSegment, typed_segments
from infra.normalise import Normaliser
from infra.tables import Part
from infra.tally import Tally

#: Enough events for one query to be worth its start, and few enough that the processes that read need not wait.
TYPED_TOGETHER = 8_192


class EvenPart:
    """A part whose row groups all have the same number of rows, however the rows arrive."""

    def __init__(self, part: Part, group: int) -> None:
        self._part, self._group = part, group
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        """Add rows; whole groups are written."""
        self._waiting.append(table)
        self._rows += len(table)
        while self._rows >= self._group:
            self._write(self._group)

    def finish(self) -> None:
        """Write what is left as the last group."""
        if self._rows:
            self._write(self._rows)

    def _write(self, rows: int) -> None:
        whole = pa.concat_tables(self._waiting)
        # One chunk, because the writer begins a page where a chunk begins, and the same rows must give the same bytes.
        self._part.add(whole.slice(0, rows).combine_chunks())
        self._waiting, self._rows = [whole.slice(rows)], len(whole) - rows


@dataclass(slots=True)
class LogFile:
    """One stored log file under way to its card."""

    entry: Entry
    stored: Stored
    started: datetime
    media_type: str
    tally: Tally
    #: Its only segment, typed, where that is new; None for a file that came in several.
    typed: TypedSegment | None = None
    segments: int = 0


class _Waiting(NamedTuple):
    log: LogFile
    segment: Segment | TypedSegment
    last: bool


class _Said(NamedTuple):
    row: int
    lost: int
    text: str

    @property
    def place(self) -> str:
        return f"record {self.row + 1}"


@dataclass(slots=True)
class LogMerge:
    """Takes segments of files in the order of the files' names; `finish` is called for each file after its last one."""

    normalisers: Mapping[str, Normaliser]
    parts: Mapping[str, EvenPart]
    limits: Limits
    finish: Callable[[LogFile], None]
    _waiting: list[_Waiting] = field(default_factory=list, init=False)
    _events: int = field(default=0, init=False)
    # The first record of each eventID by a digest of its content, over the whole folder: 16 bytes each.
    _seen: dict[str, bytes] = field(default_factory=dict, init=False)

    def add(self, log: LogFile, segment: Segment | TypedSegment, *, last: bool) -> None:
        """Take the next segment; it is typed and compared together with others."""
        self._waiting.append(_Waiting(log, segment, last))
        self._events += len(segment.rows)
        if self._events >= TYPED_TOGETHER or len(self._waiting) >= TYPED_TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Type, compare and write everything that waits."""
        raw = [(w.log.stored.artefact, w.segment) for w in self._waiting if isinstance(w.segment, Segment)]
        typed = typed_segments(raw, self.normalisers)
        for log, segment, last in self._waiting:
            ready = next(typed) if isinstance(segment, Segment) else segment
            log.segments += 1
            log.typed = ready if ready is not segment and last and log.segments == 1 else None
            self._merge(log.tally, ready)
            if last:
                self.finish(log)
        self._waiting, self._events = [], 0

    def _merge(self, tally: Tally, segment: TypedSegment) -> None:
        said = [_noted(tally.name, note) for note in segment.notes]
        new = self._compared(tally, segment, said)
        for name in FAMILIES:
            table = segment.tables[name]
            flags = new if name == AUDIT else [n for n, p in zip(new, segment.processed, strict=True) if p]
            kept = table if all(flags) else table.filter(pa.array(flags))
            said += _unfit(tally, kept)
            self.parts[name].add(kept)
        tally.rows += sum(new)
        tally.not_relevant += segment.not_relevant
        for one in sorted(said):
            if one.lost:
                tally.lose(one.place, one.lost)
            tally.problem(one.text)
        tally.unreadable += segment.more_lost
        if segment.damage is not None:
            tally.break_off(f"record {tally.received + 1}", segment.damage)

    def _compared(self, tally: Tally, segment: TypedSegment, said: list[_Said]) -> list[bool]:
        """Return which events are new; another with the same id and content is a duplicate, with another is lost."""
        new = []
        for row, event_id, content in zip(segment.rows, segment.ids, segment.contents, strict=True):
            first = self._seen.get(event_id)
            new.append(first is None)
            if first is None:
                self._seen[event_id] = content
            elif first == content:
                tally.duplicates += 1
            else:
                why = f"two different records share eventID {event_id[:80]}"
                said.append(_Said(row, 1, _placed(tally.name, row, why)))
        return new


def _noted(name: str, note: tuple[int, int, str]) -> _Said:
    row, lost, why = note
    return _Said(row, lost, _placed(name, row, why) if lost else f"{name}: {why}")


def _placed(name: str, row: int, why: str) -> str:
    return f"{name}:record {row + 1}: {why}"


def _unfit(tally: Tally, rows: pa.Table) -> list[_Said]:
    """Return a problem for each of the first rows with a value that could not be read."""
    flawed = rows.filter(pc.greater(pc.list_value_length(rows.column("defects")), 0)).slice(
        0, tally.limits.problems + 1
    )
    return [
        _Said(row["row"], 0, _placed(tally.name, row["row"], f"cannot be read: {', '.join(row['defects'])}"))
        for row in flawed.select(["row", "defects"]).to_pylist()
    ]
