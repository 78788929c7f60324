"""A process that sets a report as PDF: its parts come in as JSON, the file goes out, and nothing else is touched.

A process of its own, because a fault in compiled code, endless work or too much memory must not end an audit.
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import typst

TEMPLATE = Path(__file__).with_name("report.typ")
MAX_MEMORY = 4 * 1024**3  # a report of a thousand clauses takes one
STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]


def typeset(parts: str, instant: datetime) -> bytes:
    """Return the PDF of a report's parts in JSON; only fonts inside typst and files beside the template are read."""
    made = typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"report": parts},
        pdf_standards=list(STANDARDS),
        timestamp=instant,
    )
    return bytes(made)


def serve(asked: BinaryIO, answer: BinaryIO) -> int:
    """Answer one request: an instant in seconds on the first line, then the parts; return the exit code."""
    with suppress(ValueError, OSError):  # where the system has no such limit, or a lower one
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    instant = datetime.fromtimestamp(int(asked.readline()), UTC)
    try:
        answer.write(typeset(asked.read().decode(), instant))
    except typst.TypstError as refused:
        sys.stderr.write(refused.diagnostic)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(serve(sys.stdin.buffer, sys.stdout.buffer))
