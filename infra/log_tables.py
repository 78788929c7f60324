"""Rows of CloudTrail logs as typed tables: those of many files in one batch.

An engine costs nearly the same for one row as for a thousand. Both families are made of the same columns, so events
are typed as what they are, and only then become rows of families.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from evidence.families import family
from evidence.families.arrow import arrow_schema
from evidence.families.schema import Column, Family, Type
from infra.bedrock_events import Event
from infra.log_reading import Segment
from infra.normalise import Normaliser
from infra.rows import raw_batch

Noted: TypeAlias = Callable[[str, Sequence[str]], None]

AUDIT, PROCESSING = "audit_log", "processing_activity"
FAMILIES = (AUDIT, PROCESSING)
_TYPES = {"occurred_at": Type.INSTANT, "input_tokens": Type.NUMBER, "output_tokens": Type.NUMBER}
#: The fields of an event as columns. What events do not state as text, `bedrock_events` chose from what is allowed.
EVENTS = Family(
    "cloudtrail_event",
    "a Bedrock record of CloudTrail",
    tuple(
        Column(field, _TYPES.get(field, Type.TEXT), needed=False, personal=field == "actor")
        for field in Event._fields
        if field != "processed"
    ),
)
#: Which field is which column, where their names differ, and what every row of a family has. A call is named by its
#: request, as it is in every other log of it, and by its event only where there is no request.
NAMES: Mapping[str, Mapping[str, str]] = {
    AUDIT: {"region_code": "source_region"},
    PROCESSING: {"activity_id": "event_id", "resource_id": "resource"},
}
FIXED: Mapping[str, Mapping[str, str]] = {AUDIT: {}, PROCESSING: {"activity": "process", "provider": "aws"}}


class TypedBatch:
    """Events of many segments as rows of each family, in the order given; `flawed` says whether any has a defect."""

    def __init__(self, ids: list[str], processed: list[bool], tables: Mapping[str, pa.Table], *, flawed: bool) -> None:
        self.ids, self.flawed = ids, flawed
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


def typed_batch(segments: Sequence[tuple[str, Segment]], normaliser: Normaliser) -> TypedBatch:
    """Return segments, given with the names of their artefacts, as rows; the normaliser is one of `EVENTS`."""
    values = _together([segment for _, segment in segments])
    artefacts = [artefact for artefact, segment in segments for _ in segment.rows]
    rows = list(chain.from_iterable(segment.rows for _, segment in segments))
    stated = raw_batch({column: values[column.name] for column in EVENTS.columns}, artefacts, rows, defaultdict(list))
    typed = normaliser.typed(stated)
    processed = pa.array(values["processed"], pa.bool_())
    flawed = _has_any(typed.column("defects")) or stated.column("occurred_at").null_count > 0
    tables = {AUDIT: _rows(AUDIT, stated, typed, flawed=flawed)}
    tables[PROCESSING] = _rows(PROCESSING, stated.filter(processed), typed.filter(processed), flawed=flawed)
    return TypedBatch(values["event_id"], values["processed"], tables, flawed=flawed)


def noting(noted: Noted | None) -> Noted | None:
    """Return what notes a personal value of an event as one of the rows that are made of it."""
    if noted is None:
        return None

    def note(name: str, values: Sequence[str]) -> None:
        for family_name in FAMILIES:
            noted(f"{family_name}.{name.removeprefix(f'{EVENTS.name}.')}", values)

    return note


def _together(segments: Sequence[Segment]) -> dict[str, list[Any]]:
    parts = [segment.columns for segment in segments if segment.columns]
    columns = [list(chain.from_iterable(part)) for part in zip(*parts, strict=True)]
    return dict(zip(Event._fields, columns or [[] for _ in Event._fields], strict=True))


def _rows(name: str, stated: pa.Table, typed: pa.Table, *, flawed: bool) -> pa.Table:
    schema, fields = arrow_schema(family(name)), _fields(name)
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for column in schema:
        if column.name in FIXED[name]:
            columns[column.name] = pa.repeat(pa.scalar(FIXED[name][column.name], column.type), len(typed))
        elif column.name == "activity_id":
            columns[column.name] = pc.coalesce(typed.column("request_id"), typed.column("event_id"))
        elif column.name in fields:
            columns[column.name] = typed.column(fields[column.name])
        elif column.name in typed.column_names:
            columns[column.name] = typed.column(column.name)
        else:
            columns[column.name] = pa.nulls(len(typed), column.type)
    if flawed:
        columns["defects"] = _defects(stated, typed, fields)
    return pa.table(columns, schema=schema).combine_chunks()


def _fields(name: str) -> dict[str, str]:
    """Return the field that each stated column of a family has its values from."""
    fields = {column.name: NAMES[name].get(column.name, column.name) for column in family(name).columns}
    return {column: field for column, field in fields.items() if field in Event._fields}


def _defects(stated: pa.Table, typed: pa.Table, fields: Mapping[str, str]) -> pa.Array:
    """Return defects under the names of a family's columns: absent times, then what was read wrongly, then the rest."""
    times, refused = stated.column("occurred_at").to_pylist(), stated.column("defects").to_pylist()
    found = []
    for time, before, every in zip(times, refused, typed.column("defects").to_pylist(), strict=True):
        # The format always has a time, so one that is absent is a defect and not merely nothing.
        absent = ["occurred_at"] if time is None and "occurred_at" not in before else []
        named = [column for some in (before, every[len(before) :]) for column, field in fields.items() if field in some]
        found.append(absent + named)
    return pa.array(found, pa.list_(pa.string()))


def _has_any(defects: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.greater(pc.list_value_length(defects), 0)).as_py())
