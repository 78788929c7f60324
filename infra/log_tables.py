"""Rows of CloudTrail logs as typed tables: those of many files in one batch, cut by file again.

An engine costs nearly the same for one row as for a thousand, and both families are made of the same columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from evidence.families import family
from evidence.families.schema import Column, Type
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
_NUMBERS = ("input_tokens", "output_tokens")
_KEPT = ("artefact", "row")


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
    ids, flags = events["event_id"], events["processed"]
    stated = _stated(events, artefacts, rows)
    everyone = _typed(AUDIT, stated, normalisers)
    called = _typed(PROCESSING, stated.filter(pa.array(flags, pa.bool_())), normalisers)
    low = called_low = 0
    for _, segment in segments:
        high = low + len(segment.rows)
        processed = flags[low:high]
        tables = {
            AUDIT: everyone.slice(low, len(processed)),
            PROCESSING: called.slice(called_low, sum(processed)),
        }
        yield TypedSegment(ids[low:high], processed, *segment[1:], tables=tables)
        low, called_low = high, called_low + sum(processed)


def _together(segments: Sequence[Segment]) -> dict[str, list[Any]]:
    parts = [segment.columns for segment in segments if segment.columns]
    columns = [list(chain.from_iterable(part)) for part in zip(*parts, strict=True)]
    return dict(zip(Event._fields, columns or [[] for _ in Event._fields], strict=True))


def _stated(events: Mapping[str, Sequence[Any]], artefacts: Sequence[str], rows: Sequence[int]) -> pa.Table:
    """Return what events state as a raw batch whose columns, and defects, have the names of an event's fields."""
    columns = {_column(name): values for name, values in events.items() if name != "processed"}
    return raw_batch(columns, artefacts, rows, defaultdict(list))


def _column(name: str) -> Column:
    kind = Type.INSTANT if name == "occurred_at" else Type.NUMBER if name in _NUMBERS else Type.TEXT
    return Column(name, kind, needed=False)


def _typed(name: str, stated: pa.Table, normalisers: Mapping[str, Normaliser]) -> pa.Table:
    fields: dict[str, str] = {}
    columns = {kept: stated.column(kept) for kept in _KEPT}
    for column in family(name).columns:
        field = NAMES[name].get(column.name, column.name)
        if column.name in FIXED[name]:
            columns[column.name] = pa.chunked_array([pa.repeat(FIXED[name][column.name], len(stated))])
        elif field in stated.column_names:
            fields[field] = column.name
            columns[column.name] = stated.column(field)
    columns["defects"] = _defects(stated, fields)
    return normalisers[name].typed(pa.table(columns)).combine_chunks()


def _defects(stated: pa.Table, fields: Mapping[str, str]) -> pa.ChunkedArray:
    """Return defects under the names of a family's columns, given by the names of an event's fields."""
    found = stated.column("defects")
    if not pc.any(pc.greater(pc.list_value_length(found), 0)).as_py() and not stated.column("occurred_at").null_count:
        return found
    renamed: Defects = defaultdict(list)
    times = stated.column("occurred_at").to_pylist()
    for index, (time, names) in enumerate(zip(times, found.to_pylist(), strict=True)):
        if time is None and "occurred_at" not in names:
            # The format always has a time, so one that is absent is a defect and not merely nothing.
            renamed[index].append("occurred_at")
        renamed[index] += [column for field, column in fields.items() if field in names]
    return pa.chunked_array([pa.array([renamed[index] for index in range(len(times))], pa.list_(pa.string()))])
