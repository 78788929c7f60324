"""Parquet: only the family's own columns are read, in batches cut by rows and by bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from evidence.families.schema import Family
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
    except (OSError, pa.ArrowException, MemoryError) as cause:
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
    table = pa.Table.from_batches([batch])
    table = table.append_column("artefact", pa.repeat(artefact, len(batch)))
    table = table.append_column("row", pa.array(range(first, first + len(batch)), pa.int64()))
    return table.append_column("defects", pa.array([[]] * len(batch), pa.list_(pa.string())))
