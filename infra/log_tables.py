"""Rows of CloudTrail logs as typed tables: those of many files in one batch, cut by file again.

An engine costs nearly the same for one row as for a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa

from evidence.families import family
from infra.bedrock_events import Event
from infra.log_reading import Segment
from infra.normalise import Normaliser
from infra.rows import Defects, raw_batch

AUDIT, PROCESSING = "audit_log", "processing_activity"
FAMILIES = (AUDIT, PROCESSING)
#: Which value of an event is which column, where their names differ, and what every row of a family has.
NAMES: Mapping[str, Mapping[str, str]] = {
    AUDIT: {"region_code": "source_region"},
    PROCESSING: {"activity_id": "event_id", "resource_id": "resource"},
}
FIXED: Mapping[str, Mapping[str, str]] = {AUDIT: {}, PROCESSING: {"activity": "process", "provider": "aws"}}


class TypedSegment(NamedTuple):
    """A segment whose events are rows; `ids` and `processed` are of the events, the rest is as in `Segment`."""

    ids: Sequence[str]
    processed: Sequence[bool]
    rows: list[int]
    contents: list[bytes]
    notes: list[tuple[int, int, str]]
    not_relevant: int
    more_lost: int
    damage: str | None
    tables: Mapping[str, pa.Table]


def typed_segments(
    segments: Sequence[tuple[str, Segment]], normalisers: Mapping[str, Normaliser]
) -> Iterator[TypedSegment]:
    """Yield segments, given with the names of their artefacts, as typed ones in the same order."""
    events = _together([segment for _, segment in segments])
    artefacts = [artefact for artefact, segment in segments for _ in segment.rows]
    rows = list(chain.from_iterable(segment.rows for _, segment in segments))
    flags = events["processed"]
    everyone = _typed(AUDIT, events, artefacts, rows, normalisers)
    chosen = {name: _where(values, flags) for name, values in events.items()}
    called = _typed(PROCESSING, chosen, _where(artefacts, flags), _where(rows, flags), normalisers)
    low = called_low = 0
    for _, segment in segments:
        high = low + len(segment.rows)
        processed = flags[low:high]
        tables = {
            AUDIT: everyone.slice(low, len(processed)),
            PROCESSING: called.slice(called_low, sum(processed)),
        }
        yield TypedSegment(events["event_id"][low:high], processed, *segment[1:], tables=tables)
        low, called_low = high, called_low + sum(processed)


def _together(segments: Sequence[Segment]) -> dict[str, list[Any]]:
    parts = [segment.columns for segment in segments if segment.columns]
    columns = [list(chain.from_iterable(part)) for part in zip(*parts, strict=True)]
    return dict(zip(Event._fields, columns or [[] for _ in Event._fields], strict=True))


def _typed(
    name: str,
    events: Mapping[str, Sequence[Any]],
    artefacts: Sequence[str],
    rows: Sequence[int],
    normalisers: Mapping[str, Normaliser],
) -> pa.Table:
    stated: dict[Any, Sequence[Any]] = {}
    for column in family(name).columns:
        value = NAMES[name].get(column.name, column.name)
        if column.name in FIXED[name]:
            stated[column] = [FIXED[name][column.name]] * len(rows)
        elif value in events:
            stated[column] = events[value]
    defects: Defects = defaultdict(list)
    for index, time in enumerate(events["occurred_at"]):
        if time is None:
            # The format always has a time, so one that is absent is a defect and not merely nothing.
            defects[index].append("occurred_at")
    return normalisers[name].typed(raw_batch(stated, artefacts, rows, defects)).combine_chunks()


def _where(values: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    return [value for value, flag in zip(values, flags, strict=True) if flag]
