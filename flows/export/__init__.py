"""Findings in the formats of other tools; none is written that does not carry every finding whole.

Each format is a module with `write` and `read`. What `write` gave is read back and compared, fact by fact, with the
findings, so that nothing is dropped without anybody noticing. The same subject always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from evidence.model import AuditResult
from flows.export.complete import Carried, ExportIncomplete, account
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
    data = _format(form).write(subject)
    account(form, subject.result, _format(form).read(data))
    return data


def carries(form: str, data: bytes, result: AuditResult) -> bool:
    """Return whether an export, whoever wrote it, carries exactly these findings."""
    try:
        account(form, result, _format(form).read(data))
    except (ExportIncomplete, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return True


def _format(form: str) -> Format:
    return cast(Format, import_module(FORMATS[form]))
