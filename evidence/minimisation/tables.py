"""Looks through a sealed table: it has the columns of its family and no others, tokens where values are personal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from evidence.disclosure import TOKEN
from evidence.errors import OutputFailed, ProbityError
from evidence.families import family
from evidence.families.arrow import arrow_schema
from evidence.families.schema import Column, Family, Type
from evidence.minimisation.columns import IDENTIFIER, PROSE, Place, Search, distinct
from evidence.minimisation.kinds import PERSONAL, Kind

ROWS = 65_536  # of a column in memory at once
REPEATED_BYTES = 8  # a row; a column with more is not worth a dictionary
_OURS = {b"ARROW:schema"}


def search_table(search: Search, member: str, source: bytes | Path, keep: frozenset[str]) -> None:
    """Look through a member `…/<family>.parquet`; fields of `keep` (`family.column`) may hold personal values.

    1. the family is one of ours, and the columns are its own, with nothing hidden in the file's metadata; 2. personal
    columns hold tokens and nothing else; 3. other columns of text hold neither prose nor anything recognised.
    """
    try:
        kind = family(Path(member).stem)
    except ProbityError:
        search.note(Place(member), Kind.FILE)
        return
    with _opened(member, source) as file:
        if not _is_of_family(search, member, file, kind):  # 1
            return
        for column in kind.all_columns:
            place = Place(member, f"column {column.name}")
            if column.type is Type.TEXT and column.personal:  # 2
                for values in _values(file, column):
                    _only_tokens(search, place, values)
            elif column.type in {Type.TEXT, Type.LIST}:  # 3
                may = _may(column, f"{kind.name}.{column.name}" in keep)
                for values in _values(file, column):
                    search.column(place, values, may, PROSE if column.prose else IDENTIFIER)


def _may(column: Column, kept: bool) -> frozenset[Kind]:
    if kept:
        return PERSONAL
    return frozenset({Kind.IP}) if column.machine else frozenset()


@contextmanager
def _opened(member: str, source: bytes | Path) -> Iterator[Any]:
    import pyarrow as pa  # noqa: PLC0415 - only what seals pays for Arrow
    import pyarrow.parquet as pq  # noqa: PLC0415

    given = BytesIO(source) if isinstance(source, bytes) else source
    try:
        repeated = _repeated(pq.read_metadata(given))
        with pq.ParquetFile(given, read_dictionary=repeated, pre_buffer=False) as file:
            yield file
    except (OSError, pa.ArrowException) as cause:
        raise OutputFailed(f"{member}: cannot be read to be sealed") from cause


def _repeated(metadata: Any) -> list[str]:
    """Return the columns whose values repeat: these are looked through once for each value and not for each row."""
    if not metadata.num_row_groups:
        return []
    group = metadata.row_group(0)
    chunks = [group.column(index) for index in range(group.num_columns)]
    few = [c for c in chunks if c.total_uncompressed_size <= REPEATED_BYTES * max(c.num_values, 1)]
    return [c.path_in_schema for c in few if c.physical_type == "BYTE_ARRAY" and "." not in c.path_in_schema]


def _is_of_family(search: Search, member: str, file: Any, kind: Family) -> bool:
    expected = {f.name: f.type for f in arrow_schema(kind)}
    found = file.schema_arrow
    for index, name in enumerate(found.names):
        if name not in expected:
            search.note(Place(member, f"column {index + 1}"), Kind.UNLISTED, file.metadata.num_rows)
    if set(file.metadata.metadata or ()) - _OURS or found.metadata:
        search.note(Place(member), Kind.METADATA)
    return set(found.names) == set(expected)


def _values(file: Any, column: Column) -> Iterator[Any]:
    """Yield the values of a column batch by batch; those of lists come one by one."""
    import pyarrow.compute as pc  # noqa: PLC0415

    for batch in file.iter_batches(batch_size=ROWS, columns=[column.name]):
        values = batch.column(0)
        yield pc.list_flatten(values) if column.type is Type.LIST else values


def _only_tokens(search: Search, place: Place, values: Any) -> None:
    import pyarrow.compute as pc  # noqa: PLC0415

    texts, rows = distinct(values)
    wrong = pc.indices_nonzero(
        pc.invert(pc.match_substring_regex(texts, rf"\A{TOKEN}\z").fill_null(True))
    )  # null names nobody
    if found := sum(1 if rows is None else rows.get(index, 0) for index in wrong.to_pylist()):
        search.note(place, Kind.NO_TOKEN, found)
