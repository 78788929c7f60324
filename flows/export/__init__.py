"""Findings in the formats of other tools; none is written that does not carry every finding whole.

Each format is a module with `write` and `read`. What `write` gave is read back and compared, fact by fact, with the
findings, so that nothing is dropped without anybody noticing. The same subject always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from flows.export.complete import Carried, account
from flows.export.subject import ExportSubject


class Format(Protocol):
    """What a module of this package offers; `read` understands what `write` gave, and nothing else."""

    def write(self, subject: ExportSubject) -> bytes:
        """Return the export; OutputFailed where the format cannot express something."""

    def read(self, data: bytes) -> Sequence[Carried]:
        """Return what an export carries of each finding."""


FORMATS = {
    "oscal": "flows.export.oscal",
    "ocsf": "flows.export.ocsf",
    "junit": "flows.export.junit",
    "sarif": "flows.export.sarif",
    "csv": "flows.export.csv_rows",
}


def export(form: str, subject: ExportSubject) -> bytes:
    """Return the findings in one of `FORMATS`; ExportIncomplete names the first fact that it would not carry."""
    chosen = cast(Format, import_module(FORMATS[form]))
    data = chosen.write(subject)
    account(form, subject.result, chosen.read(data))
    return data
