"""From what each log file says to the tables of a folder: an event that was delivered twice is one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infra.log_groups import LogFile, LogGroup
from infra.log_parts import LogParts
from infra.log_reading import Segment
from infra.log_tables import FAMILIES, TypedBatch, typed_batch
from infra.normalise import Normaliser
from infra.tally import Tally
from infra.trail_changes import noted

#: Enough events for one query to be worth its start, and few enough that the processes that read need not wait.
TYPED_TOGETHER = 16_384


class _Waiting(NamedTuple):
    group: LogGroup
    log: LogFile
    segment: Segment
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
    """Takes segments of files in the order of the files' names; `finish` is called for a group after its last one."""

    normaliser: Normaliser
    parts: LogParts
    finish: Callable[[LogGroup], None]
    _waiting: list[_Waiting] = field(default_factory=list, init=False)
    _events: int = field(default=0, init=False)
    # The first record of each eventID by a digest of its content, over all groups that are finished.
    _seen: dict[str, bytes] = field(default_factory=dict, init=False)

    def add(self, group: LogGroup, log: LogFile, segment: Segment, *, last: bool) -> None:
        """Take the next segment; it is typed and compared together with others."""
        self._waiting.append(_Waiting(group, log, segment, last))
        self._events += len(segment.rows)
        if self._events >= TYPED_TOGETHER or len(self._waiting) >= TYPED_TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Type, compare and write everything that waits."""
        if not self._waiting:
            return
        batch = typed_batch([(w.log.stored.artefact, w.segment) for w in self._waiting], self.normaliser)
        low = 0
        for _, run in groupby(self._waiting, key=lambda waiting: id(waiting.group)):
            low = self._merge(list(run), batch, low)
        self._waiting, self._events = [], 0

    def fits(self, fresh: Mapping[str, bytes], known: Mapping[str, bytes]) -> bool:
        """Return whether a group with these events (see `LogGroup`) would become what it was; call `flush` first."""
        return self._seen.keys().isdisjoint(fresh) and all(self._seen.get(i) == first for i, first in known.items())

    def take(self, group: LogGroup) -> None:
        """Take the events of a finished group as seen."""
        self._seen.update(group.fresh)

    def _merge(self, run: list[_Waiting], batch: TypedBatch, low: int) -> int:
        """Merge consecutive segments of one group, whose events start at `low`; return where those of the next do."""
        group, start, new = run[0].group, low, list[bool]()
        for _, log, segment, last in run:
            fresh, said = self._compared(group, log.tally, segment, batch.ids[low : low + len(segment.rows)])
            said += _unfit(log.tally, batch, low, fresh)
            _account(log.tally, segment, fresh, said)
            new += fresh
            low += len(segment.rows)
            group.finished += last
        for name in FAMILIES:
            self.parts.add(name, batch.rows(name, start, new))
        if group.whole:
            self.take(group)
            self.finish(group)
        return low

    def _compared(
        self, group: LogGroup, tally: Tally, segment: Segment, ids: list[str]
    ) -> tuple[list[bool], list[_Said]]:
        """Return which events are new; another with the same id and content is a duplicate, with another is lost."""
        new, said = [], [_noted(tally.name, note) for note in segment.notes]
        seen, fresh = self._seen, group.fresh
        for row, event_id, content in zip(segment.rows, ids, segment.contents, strict=True):
            first = seen.get(event_id)
            if first is not None:
                group.known[event_id] = first
            elif event_id in fresh:
                first = fresh[event_id]
            else:
                fresh[event_id] = content
            new.append(first is None)
            if first is None:
                continue
            if first == content:
                tally.duplicates += 1
            else:
                why = f"two different records share eventID {event_id[:80]}"
                said.append(_Said(row, 1, _placed(tally.name, row, why)))
        return new, said


def _account(tally: Tally, segment: Segment, new: list[bool], said: list[_Said]) -> None:
    tally.rows += sum(new)
    tally.not_relevant += segment.not_relevant
    for one in sorted(said):
        if one.lost:
            tally.lose(one.place, one.lost)
        tally.problem(one.text)
    tally.unreadable += segment.more_lost
    for change in segment.changes:
        noted(tally.changes, change)
    if segment.damage is not None:
        tally.break_off(f"record {tally.received + 1}", segment.damage)


def _noted(name: str, note: tuple[int, int, str]) -> _Said:
    row, lost, why = note
    return _Said(row, lost, _placed(name, row, why) if lost else f"{name}: {why}")


def _placed(name: str, row: int, why: str) -> str:
    return f"{name}:record {row + 1}: {why}"


def _unfit(tally: Tally, batch: TypedBatch, low: int, new: list[bool]) -> list[_Said]:
    """Return a problem for each of the first rows with a value that could not be read."""
    if not batch.flawed:
        return []
    most = tally.limits.problems + 1
    return [
        _Said(row["row"], 0, _placed(tally.name, row["row"], f"cannot be read: {', '.join(row['defects'])}"))
        for name in FAMILIES
        for row in _flawed(batch.rows(name, low, new)).slice(0, most).select(["row", "defects"]).to_pylist()
    ]


def _flawed(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.greater(pc.list_value_length(rows.column("defects")), 0))
