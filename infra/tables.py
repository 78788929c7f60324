"""Writing one Parquet part of a family: the same rows give the same bytes, and a part is whole or not there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from evidence.errors import OutputFailed
from evidence.families.arrow import arrow_schema
from evidence.families.schema import Family

COMPRESSION_LEVEL = 3


def write_part(path: Path, data: bytes) -> None:
    """Write a finished part under its name at once."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as cause:
        temporary.unlink(missing_ok=True)
        raise OutputFailed(f"cannot write {path.name}: {cause.strerror or cause}") from cause


class Part:
    """A part under a temporary name until `keep`; leaving the block without it removes everything written."""

    def __init__(self, family: Family, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(f".{path.name}.part")
        self._kept = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(
                self._temporary, arrow_schema(family), compression="zstd", compression_level=COMPRESSION_LEVEL
            )
        except (OSError, pa.ArrowException) as cause:
            raise OutputFailed(f"cannot write {path.name}: {cause}") from cause

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._kept:
            # What is thrown away need not close well: on a full disk closing fails too, and would hide why.
            with contextlib.suppress(OSError, pa.ArrowException):
                self._writer.close()
            self._temporary.unlink(missing_ok=True)

    def add(self, table: pa.Table) -> None:
        """Write a batch as one row group; batches are cut by counts, never by time, so that bytes repeat."""
        try:
            if len(table):
                self._writer.write_table(table, row_group_size=len(table))
        except (OSError, pa.ArrowException) as cause:
            raise OutputFailed(f"cannot write {self.path.name}: {cause}") from cause

    def keep(self) -> None:
        """Close the part and give it its name."""
        try:
            self._writer.close()
            self._temporary.replace(self.path)
        except OSError as cause:
            raise OutputFailed(f"cannot write {self.path.name}: {cause.strerror or cause}") from cause
        self._kept = True
