"""JSON lines: one record a line, strict; a line that is not a record is counted, never guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.errors import LimitExceeded, Terminal
from evidence.families.schema import Family
from infra.decompress import open_inflated
from infra.lines import Line, read_lines
from infra.rows import Rows
from infra.strict_json import Decoder, NotJson
from infra.tally import Tally


def read_json_lines(path: Path, family: Family, artefact: str, tally: Tally) -> Iterator[pa.Table]:
    """Yield raw batches of a file of JSON lines, plain or gzip. Blank lines are not records.

    A file in which no record has some needed column is refused at its end: it states another table.
    """
    rows, decoder, limits, seen = Rows(family), Decoder(), tally.limits, set[str]()
    position, waiting, number = 0, 0, 0
    try:
        with open_inflated(path, limits) as stream:
            for line in read_lines(stream, limits.line):
                number = line.number
                if line.data is not None and not line.data.strip():
                    continue
                record = _record(line, decoder, tally)
                if record is not None:
                    seen.update(record)
                    rows.add(record, artefact=artefact, row=position)
                    tally.rows += 1
                    waiting += len(line.data or b"")
                position += 1
                if len(rows) >= limits.batch_rows or waiting >= limits.batch:
                    yield rows.take()
                    waiting = 0
    except (Terminal, LimitExceeded) as cause:
        tally.break_off(f"line {number + 1}", str(cause))
    yield rows.take()
    missing = [c.name for c in family.columns if c.needed and c.name not in seen]
    if missing and tally.rows:
        tally.refuse(f"no record has the needed column {missing[0]!r}; add it to every line")


def _record(line: Line, decoder: Decoder, tally: Tally) -> dict[str, Any] | None:
    place = f"line {line.number}"
    if line.data is None:
        tally.lose(place)
        tally.problem(f"{tally.name}:{place}: longer than the limit of {tally.limits.line} bytes")
        return None
    try:
        value = decoder.decode(line.data.decode("utf-8"))
    except (NotJson, UnicodeDecodeError) as cause:
        tally.lose(place)
        tally.problem(f"{tally.name}:{place}: not strict JSON ({cause})")
        return None
    if not isinstance(value, dict):
        tally.lose(place)
        tally.problem(f"{tally.name}:{place}: not a JSON object")
        return None
    return value
