"""Rows of CloudTrail logs as typed tables: those of many files in one batch.

An engine costs nearly the same for one row as for a thousand, and both families are made of the same columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

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


class TypedBatch:
    """Events of many segments as rows of each family, in the order given; `flawed` says whether any has a defect."""

    def __init__(self, ids: list[str], processed: list[bool], tables: Mapping[str, pa.Table]) -> None:
        self.ids = ids
        self.flawed = any(_has_any(table.column("defects")) for table in tables.values())
        self._tables = tables
        self._processed = processed
        self._before = [0, *accumulate(processed)]

    def rows(self, name: str, low: int, kept: Sequence[bool]) -> pa.Table:
        """Return the rows of a family that come from the `kept` ones of the events from number `low` on."""
        high = low + len(kept)
        if name == PROCESSING:
            kept = [keep for keep, processed in zip(kept, self._processed[low:high], strict=True) if processed]
            low = self._before[low]
        rows = self._tables[name].slice(low, len(kept))
        return rows if all(kept) else rows.filter(pa.array(kept, pa.bool_()))


def typed_batch(segments: Sequence[tuple[str, Segment]], normalisers: Mapping[str, Normaliser]) -> TypedBatch:
    """Return segments, given with the names of their artefacts, as rows."""
    events = _together([segment for _, segment in segments])
    artefacts = [artefact for artefact, segment in segments for _ in segment.rows]
    rows = list(chain.from_iterable(segment.rows for _, segment in segments))
    stated = _stated(events, artefacts, rows)
    called = stated.filter(pa.array(events["processed"], pa.bool_()))
    tables = {AUDIT: _typed(AUDIT, stated, normalisers), PROCESSING: _typed(PROCESSING, called, normalisers)}
    return TypedBatch(events["event_id"], events["processed"], tables)


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
    if not _has_any(found) and not stated.column("occurred_at").null_count:
        return found
    renamed: Defects = defaultdict(list)
    times = stated.column("occurred_at").to_pylist()
    for index, (time, names) in enumerate(zip(times, found.to_pylist(), strict=True)):
        if time is None and "occurred_at" not in names:
            # The format always has a time, so one that is absent is a defect and not merely nothing.
            renamed[index].append("occurred_at")
        renamed[index] += [column for field, column in fields.items() if field in names]
    return pa.chunked_array([pa.array([renamed[index] for index in range(len(times))], pa.list_(pa.string()))])


def _has_any(defects: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.greater(pc.list_value_length(defects), 0)).as_py())
