"""Which personal values go along with a bundle: those of the fields the audit file lists, in the tables it seals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evidence import disclosure, manifest
from evidence.errors import OutputFailed
from evidence.layout import DISCLOSURES

if TYPE_CHECKING:
    from evidence.disclosure import Register

LISTED: Final = manifest.PERSONAL.removeprefix(manifest.DATA)


def disclose(tables: Mapping[str, Path], register: Register) -> tuple[bytes, bytes]:
    """Return the list of disclosed tokens, to be sealed, and the lines that open them; both empty where none are.

    Only tokens that occur in a sealed table are listed: an audit discloses nobody of whom its bundle does not speak.
    """
    fields: dict[str, list[str]] = {}
    for name in sorted(register.fields):
        family, column = name.split(".")
        if family in tables:
            for token in _distinct(tables[family], column):
                fields.setdefault(token, []).append(name)
    found = register.disclosures(fields)
    return disclosure.render_list({d.token: fields[d.token] for d in found}), disclosure.render(found)


def beside(payload: Mapping[str, bytes | Path], lines: bytes) -> dict[str, bytes | Path]:
    """Return the payload under its names in the bundle, and the disclosures beside it."""
    members = {f"{manifest.DATA}{name}": source for name, source in payload.items()}
    return members | {DISCLOSURES: lines} if lines else members


def _distinct(table: Path, column: str) -> Iterator[str]:
    import pyarrow.compute as pc  # noqa: PLC0415 - only audits pay for Arrow
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(table) as file:
            for group in range(file.num_row_groups):
                values = pc.unique(file.read_row_group(group, columns=[column]).column(column))
                yield from (value for value in values.to_pylist() if value is not None)
    except OSError as cause:
        raise OutputFailed(f"{table.name}: cannot be read to be sealed ({cause.strerror or cause})") from cause
