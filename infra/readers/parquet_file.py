"""Parquet: only the family's own columns are read, in batches cut by rows and by bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from evidence.families.schema import Family
from infra.rows import column_of
from infra.tally import Tally


def read_parquet(path: Path, family: Family, artefact: str, tally: Tally) -> Iterator[pa.Table]:
    """Yield raw batches with the file's own types. A file without a needed column is refused, its rows are counted."""
    read = 0
    expected = 1
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            expected = file.metadata.num_rows
            names = _columns(file, family, tally)
            if tally.refused:
                tally.rows = expected
                return
            for batch in file.iter_batches(_batch_rows(file, tally), columns=names):
                yield _raw(batch, artefact, read)
                read += len(batch)
                tally.rows = read
    except (OSError, pa.ArrowException, UnicodeDecodeError, MemoryError) as cause:
        reason = str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__
        tally.break_off(f"row {read + 1}", f"damaged Parquet ({reason})")
        tally.unreadable += max(0, expected - read - 1)


def _columns(file: pq.ParquetFile, family: Family, tally: Tally) -> list[str]:
    present = file.schema_arrow.names
    missing = [c.name for c in family.columns if c.needed and c.name not in present]
    twice = [c.name for c in family.columns if present.count(c.name) > 1]
    if missing:
        tally.refuse(f"the needed column {missing[0]!r} is missing; add it")
    elif twice:
        tally.refuse(f"the column {twice[0]!r} occurs more than once; keep one of them")
    elif file.metadata.num_rows > tally.limits.parquet_rows:
        tally.refuse(f"more than the limit of {tally.limits.parquet_rows} rows; split the file")
    return [c.name for c in family.columns if c.name in present]


def _batch_rows(file: pq.ParquetFile, tally: Tally) -> int:
    meta = file.metadata
    size = sum(meta.row_group(index).total_byte_size for index in range(meta.num_row_groups))
    fitting: int = tally.limits.batch * max(1, meta.num_rows) // max(1, size)
    return max(1, min(tally.limits.batch_rows, fitting))


def _raw(batch: pa.RecordBatch, artefact: str, first: int) -> pa.Table:
    defects: list[list[str]] = [[] for _ in range(len(batch))]
    columns = {name: _sound(name, batch.column(name), defects) for name in batch.schema.names}
    columns["artefact"] = pa.repeat(artefact, len(batch))
    columns["row"] = pa.array(range(first, first + len(batch)), pa.int64())
    columns["defects"] = pa.array(defects, pa.list_(pa.string()))
    return pa.table(columns)


def _sound(name: str, values: pa.Array, defects: list[list[str]]) -> pa.Array:
    """Return a column whose text is UTF-8; Arrow takes a file's word for that, and nothing behind it may."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        if not pa.types.is_string(values.type):
            raise
        texts = [value and value.decode("utf-8", "surrogateescape") for value in values.view(pa.binary()).to_pylist()]
        return column_of(texts, pa.string(), name, defects)
    return values
