"""The data files of an S3 inventory, CSV or Parquet, object by object.

Source: Amazon S3 User Guide, "Cataloging and analyzing your data with S3 Inventory": a CSV has no header, its columns
are those of the manifest's `fileSchema`, and its keys are URL-encoded; in Parquet keys are plain and names in snake
case. Times are UTC.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.parquet as pq

from evidence.errors import LimitExceeded, SourceError
from evidence.model import instant_text
from infra.decompress import open_inflated
from infra.limits import Limits
from infra.tally import Tally

#: What is read of an object, by the names in a manifest; the first three must be there.
FIELDS = {
    "Key": "key",
    "LastModifiedDate": "last_modified_date",
    "Bucket": "bucket",
    "VersionId": "version_id",
    "IsDeleteMarker": "is_delete_marker",
    "EncryptionStatus": "encryption_status",
}
NEEDED = ("Bucket", "Key", "LastModifiedDate")
FORMATS = ("CSV", "Parquet")
#: What damaged files make their readers raise; a time out of range is an error of value or an overflow.
_DAMAGE = (csv.Error, OSError, pa.ArrowException, ValueError, OverflowError, MemoryError)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


@dataclass(frozen=True, slots=True)
class Listed:
    """One version of an object in an inventory; `modified` is RFC 3339, `version` empty where there are none."""

    key: str
    version: str
    modified: str
    marker: bool
    encryption: str | None


def columns_of(form: str, schema: str) -> tuple[str, ...]:
    """Return the names of the columns of a manifest's `fileSchema`; `ValueError` where a needed one is missing."""
    if form == "CSV":
        names = tuple(name.strip() for name in schema.split(","))
    else:
        found = set(re.findall(r"(?:required|optional)\s+\w+\s+(\w+)", schema))
        names = tuple(name for name, snake in FIELDS.items() if snake in found)
    if missing := [name for name in NEEDED if name not in names]:
        raise ValueError(f"the inventory does not list {missing[0]}; add it to the inventory's optional fields")
    return names


def read_objects(
    path: Path, form: str, columns: Sequence[str], bucket: str, limits: Limits, tally: Tally
) -> Iterator[tuple[int, Listed]]:
    """Yield each object with its place in the file from 0; what cannot be read is counted, and damage ends the file."""
    read = -1
    stated = _csv(path, columns, limits) if form == "CSV" else _parquet(path, columns, limits)
    try:
        for read, values in enumerate(stated):
            try:
                found = _object(values, bucket, encoded=form == "CSV")
            except ValueError as cause:
                tally.lose(f"row {read + 1}")
                tally.problem(f"{tally.name}: row {read + 1}: {cause}")
            else:
                yield read, found
    except (*_DAMAGE, SourceError, LimitExceeded) as cause:
        tally.break_off(f"row {read + 2}", str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__)


def _csv(path: Path, columns: Sequence[str], limits: Limits) -> Iterator[Mapping[str, Any]]:
    with open_inflated(path, limits) as stream, io.TextIOWrapper(stream, "utf-8", newline="") as text:
        for row in csv.reader(_bounded(text, limits.line), strict=True):
            yield dict(zip(columns, row, strict=True)) if len(row) == len(columns) else {}


def _bounded(text: io.TextIOWrapper, most: int) -> Iterator[str]:
    while line := text.readline(most):
        if len(line) >= most:
            raise LimitExceeded(f"a line above {most} characters")
        yield line


def _parquet(path: Path, columns: Sequence[str], limits: Limits) -> Iterator[Mapping[str, Any]]:
    wanted = {FIELDS[name]: name for name in columns if name in FIELDS}
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        if file.metadata.num_rows > limits.parquet_rows:
            raise LimitExceeded(f"more than {limits.parquet_rows} rows")
        present = [name for name in wanted if name in file.schema_arrow.names]
        for batch in file.iter_batches(min(limits.batch_rows, 8192), columns=present):
            for row in batch.to_pylist():
                yield {wanted[name]: value for name, value in row.items()}


def _object(stated: Mapping[str, Any], bucket: str, *, encoded: bool) -> Listed:
    key, modified = stated.get("Key"), stated.get("LastModifiedDate")
    if not isinstance(key, str) or not key:
        raise ValueError("no key, or not as many columns as the manifest says")
    if stated.get("Bucket") != bucket:
        raise ValueError("an object of another bucket")
    status = stated.get("EncryptionStatus")
    return Listed(
        unquote_plus(key, errors="strict") if encoded else key,
        str(stated.get("VersionId") or ""),
        _instant(modified),
        str(stated.get("IsDeleteMarker")).lower() == "true",
        status if isinstance(status, str) and status else None,
    )


def _instant(stated: Any) -> str:
    if isinstance(stated, datetime):
        return instant_text(stated if stated.tzinfo else stated.replace(tzinfo=UTC))
    if isinstance(stated, str) and _INSTANT.fullmatch(stated):
        return stated
    raise ValueError("a LastModifiedDate that is no instant")
