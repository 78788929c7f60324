"""Files of JSON records in whatever form: each record is a row, beside, a duplicate or lost, and so is what is torn."""

from __future__ import annotations

from pathlib import Path

from evidence.errors import LimitExceeded, Terminal
from infra.decompress import open_inflated
from infra.family_rows import FamilyRows
from infra.json_stream import Broken, JsonStream
from infra.tally import Tally
from infra.web.listed import RowsOf, take_record


def take_file(
    path: Path, containers: tuple[str, ...], rows_of: RowsOf, rows: FamilyRows, tally: Tally, artefact: str
) -> None:
    """Count every record of a file, plain or gzip, and write its rows; `containers` may hold the records of a document.

    After `tally.limits.unreadable` records that cannot be read the rest is left.
    """
    try:
        with open_inflated(path, tally.limits) as stream:
            records = JsonStream(stream, tally.limits, containers)
            for number, found in enumerate(records.records(), start=1):
                if isinstance(found, Broken):
                    tally.lose(f"record {number}", found.count)
                    tally.problem(f"{tally.name}: record {number}: {found.why}")
                else:
                    take_record(found, number, rows_of, rows, tally, artefact)
                if tally.unreadable >= tally.limits.unreadable:
                    tally.break_off(f"record {number}", "too many records cannot be read")
                    return
        if records.damage is not None:
            tally.break_off("the end", records.damage)
    except (Terminal, LimitExceeded) as cause:
        tally.break_off("the file", str(cause))
