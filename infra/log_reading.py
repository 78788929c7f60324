"""What one CloudTrail log file says, whatever its name is and whatever other files say.

Two ways lead to the same result: a compiled one for files as AWS delivers them, and an exact one for everything else.
Nothing here imports Arrow or an engine, because worker processes start with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from infra.bedrock_events import PROCESSING, Event, NotAnEvent, event_of, event_source
from infra.decompress import open_inflated, whole_blocks
from infra.json_stream import Broken, Found, JsonStream
from infra.limits import Limits
from infra.quick_json import Unusual, quick_records
from infra.strict_json import Decoder, NotJson
from infra.trail_changes import SERVICE, Change, change_of, noted

#: Services that also process content and whose events this source does not know how to read.
KIN = ("bedrock", "aws-external-anthropic")
#: So many names of other services are remembered as such; AWS has about four hundred.
OTHERS_KNOWN = 5_000
#: A quickly read file is held as one segment; one with more events than this is read in several.
QUICK_EVENTS = 200_000


class Note(NamedTuple):
    """Something to say of a record: how many records were lost there (none, if it is only worth saying), and why."""

    row: int
    lost: int
    why: str


class Segment(NamedTuple):
    """Consecutive records of a file. `columns` hold a value per Bedrock event for every field of `Event`.

    `rows` and `contents` (digests) go with the events; `more_lost` were lost beside those noted; `damage` says why the
    reading ended early, if it did; `changes` are those of trails. Plain values all through, so that a segment can come
    from another process.
    """

    columns: tuple[Sequence[Any], ...]
    rows: list[int]
    contents: list[bytes]
    notes: list[tuple[int, int, str]]
    not_relevant: int
    more_lost: int
    damage: str | None
    changes: list[Change]


class LogReading:
    """Takes the records of one file in order; `segment` gives what came since the last one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._decoder = Decoder()
        self._others: set[str] = set()
        self._kin: set[str] = set()
        self._row = self._noted = 0
        self.lost = 0
        self._start()

    @property
    def events(self) -> int:
        """Return how many events the next segment has so far."""
        return len(self._events)

    def take_quick(self, records: list[Found]) -> None:
        """Take records as `take` does; those of services known to be others only cost being counted."""
        others, passed = self._others, 0
        for record in records:
            source = record.get("eventSource") if type(record) is dict else None
            if type(source) is str and source in others:
                passed += 1
                continue
            self._row += passed
            self._not_relevant += passed
            passed = 0
            self.take(record)
        self._row += passed
        self._not_relevant += passed

    def take(self, found: Found) -> None:
        """Take one record or what stood in its place."""
        try:
            self._sort(found)
        except NotAnEvent as cause:
            lost = found.count if isinstance(found, Broken) else 1
            self.lost += lost
            self._note_loss(lost, str(cause))
            self._row += lost
        else:
            self._row += 1

    def segment(self, damage: str | None = None) -> Segment:
        """Return what was taken since the last segment."""
        columns = tuple(zip(*self._events, strict=True))
        notes = [(note.row, note.lost, note.why) for note in self._notes]
        counts = (self._not_relevant, self._more_lost)
        taken = Segment(columns, self._rows, self._contents, notes, *counts, damage, self._changes)
        self._start()
        return taken

    def _start(self) -> None:
        self._events: list[Event] = []
        self._rows: list[int] = []
        self._contents: list[bytes] = []
        self._notes: list[Note] = []
        self._changes: list[Change] = []
        self._not_relevant = self._more_lost = 0

    def _sort(self, found: Found) -> None:
        record = found if isinstance(found, dict) and "eventSource" in found else self._unwrapped(found)
        source = event_source(record)
        if source in PROCESSING:
            event, content = event_of(record), _content(record)
            self._events.append(event)
            self._rows.append(self._row)
            self._contents.append(content)
            return
        self._not_relevant += 1
        if source.startswith(KIN):
            if source not in self._kin and len(self._kin) <= self._limits.problems:
                self._kin.add(source)
                self._notes.append(Note(self._row, 0, f"events of {source[:80]} are not read by this source"))
        elif source == SERVICE:
            if (change := change_of(record)) is not None:
                noted(self._changes, change)
        elif len(self._others) < OTHERS_KNOWN:
            self._others.add(source)

    def _unwrapped(self, found: Found) -> Any:
        if isinstance(found, Broken):
            raise NotAnEvent(found.why)
        inner = found.get("CloudTrailEvent") if isinstance(found, dict) else None
        if not isinstance(inner, str):
            return found
        try:
            return self._decoder.decode(inner)
        except NotJson as cause:
            raise NotAnEvent(f"CloudTrailEvent is not strict JSON ({cause})") from cause

    def _note_loss(self, lost: int, why: str) -> None:
        # A card names so many and then says that there are more; whatever comes later only adds to a count.
        if self._noted <= max(self._limits.places, self._limits.problems):
            self._noted += 1
            self._notes.append(Note(self._row, lost, why))
        else:
            self._more_lost += lost


def read_segments(path: Path, limits: Limits) -> Iterator[Segment]:
    """Yield what a file says in segments of bounded size, the exact way; the last one says whether it was damaged."""
    reading = LogReading(limits)
    with open_inflated(path, limits) as raw:
        stream = JsonStream(raw, limits)
        for found in stream.records():
            reading.take(found)
            if reading.lost > limits.unreadable:
                yield reading.segment(f"more than the limit of {limits.unreadable} unreadable records")
                return
            if reading.events >= limits.batch_rows:
                yield reading.segment()
    yield reading.segment(stream.damage or _missing(path))


def _missing(path: Path) -> str | None:
    """Return that a file is empty: one without an event has its frame at least."""
    return None if path.stat().st_size else "there is not one byte"


def read_whole(path: Path, limits: Limits) -> Segment | None:
    """Return what a file says as one segment, the quick way where that is possible; None if it does not fit in one."""
    quick = read_quickly(path, limits)
    if quick is not None:
        return quick
    segments = read_segments(path, limits)
    first = next(segments)
    return first if next(segments, None) is None else None


def read_quickly(path: Path, limits: Limits) -> Segment | None:
    """Return what a file says as one segment if it is as AWS delivers it, and not too much; otherwise None."""
    reading = LogReading(limits)
    try:
        for records in quick_records(whole_blocks(path, limits), limits):
            reading.take_quick(records)
            if reading.events > QUICK_EVENTS or reading.lost > limits.unreadable:
                return None
    except Unusual:
        return None
    return None if _missing(path) else reading.segment()


def _content(record: Any) -> bytes:
    """Return a digest of what a record says, whatever the order of its keys."""
    try:
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Half of a surrogate pair, an integer beyond 64 bits, or nested too deeply: always one or always the other way.
        try:
            text = json.dumps(record, sort_keys=True).encode()
        except RecursionError as cause:
            raise NotAnEvent("nested too deeply") from cause
    return hashlib.blake2b(text, digest_size=16).digest()
