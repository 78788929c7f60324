"""The text of a PDF's pages, as far as it has any: a scanned page has none, and nothing here guesses what it shows."""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from evidence.errors import LimitExceeded, Terminal

MAX_BYTES = 100 * 1024 * 1024
MAX_PAGES = 3_000
MAX_TEXT = 20_000_000
#: What the library raises on files that are damaged, or made to damage.
DAMAGED = (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)


def pages_of(data: bytes, name: str) -> tuple[str, ...]:
    """Return the text of every page; `Terminal` for what is no readable PDF, `LimitExceeded` beyond a bound."""
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{name}: larger than the limit of {MAX_BYTES} bytes")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks on a file's faults would go to stderr
    found: list[str] = []
    size = 0
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise Terminal(f"{name}: is encrypted; quote from a copy that is not")
        if len(reader.pages) > MAX_PAGES:
            raise LimitExceeded(f"{name}: more than {MAX_PAGES} pages")
        for page in reader.pages:
            found.append(page.extract_text())
            size += len(found[-1])
            if size > MAX_TEXT:
                raise LimitExceeded(f"{name}: more than {MAX_TEXT} characters of text")
    except DAMAGED as cause:
        raise Terminal(f"{name}: is no PDF that can be read ({type(cause).__name__})") from None
    return tuple(found)
