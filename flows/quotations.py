"""Compare every clause's quotation with the page of the document it is taken from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from checks import quotation
from checks.codes import Code
from checks.contract import Contract, LoadedContract
from checks.yaml12 import Document, read_yaml
from evidence.errors import LimitExceeded, Problem, SourceError
from infra.pdf_text import MAX_BYTES, pages_of

SHOWN = 120


def check_quotations(loaded: LoadedContract, file: Path) -> tuple[Problem, ...]:
    """Return what is wrong with the documents a contract names, and with the words it quotes from them."""
    document = read_yaml(loaded.raw, str(file))
    read = {name: list(_read(loaded.contract, name, file.parent, document)) for name in loaded.contract.documents}
    pages = {name: part for name, parts in read.items() for part in parts if isinstance(part, tuple)}
    problems = [part for parts in read.values() for part in parts if isinstance(part, Problem)]
    for name, clause in loaded.contract.commitments.items():
        source = clause.clause.split()[0]
        if clause.quote and source in pages:
            problems += _compare(clause.quote, clause.clause, pages[source], document, name)
    return tuple(problems)


def _read(contract: Contract, name: str, folder: Path, document: Document) -> Iterator[tuple[str, ...] | Problem]:
    listed = contract.documents[name]
    if listed.file is None:
        return
    place = document.place(("documents", name, "file"))
    path = folder / listed.file
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            raise OSError("leads out of the engagement's folder")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as cause:
        yield Problem(Code.UNREADABLE, f"{listed.file}: {cause.strerror or cause}", place, "put the document there")
        return
    found = hashlib.sha256(data).hexdigest()
    if listed.sha256 is not None and found != listed.sha256:
        what = f"{listed.file} has the digest {found}: it is not the document that was meant"
        yield Problem(Code.OTHER_DOCUMENT, what, document.place(("documents", name, "sha256")), "compare the editions")
    try:
        yield pages_of(data, listed.file)
    except (SourceError, LimitExceeded) as cause:
        yield Problem(Code.UNREADABLE, str(cause), place)


def _compare(quote: str, clause: str, pages: tuple[str, ...], document: Document, name: str) -> Iterator[Problem]:
    stated = quotation.page_of(clause)
    found = quotation.find(quote, pages)
    place = document.place(("commitments", name, "quote"))
    if found.pages:
        if stated is not None and stated not in found.pages:
            listed = ", ".join(map(str, found.pages))
            what = f"{name}: the quotation stands on p.{listed}, and the clause says p.{stated}"
            yield Problem(Code.OTHER_PAGE, what, document.place(("commitments", name, "clause")), warning=True)
        return
    blank = [n for n, text in enumerate(pages, 1) if not text.strip()]
    if len(blank) == len(pages) or (stated is not None and stated in blank):
        what = f"{name}: the page has no text: it is a picture, and whether the quotation stands there is not known"
        yield Problem(Code.NO_TEXT, what, place, "compare it by eye, or add text by OCR", warning=True)
        return
    closest = f"; closest ({found.likeness:.0%}): “{found.closest[:SHOWN]}”" if found.closest else ""
    yield Problem(Code.NOT_QUOTED, f"{name}: the quotation is not in the document{closest}", place)
