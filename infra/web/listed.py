"""Pages that list records, as most APIs have them: each is a row, a duplicate or lost, and the page has its card."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from infra.family_rows import FamilyRows
from infra.family_rows import Row as Row  # noqa: PLC0414 - named by everyone who takes pages
from infra.tally import Tally
from infra.web.client import Request
from infra.web.inquiry import Inquiry, Page

#: Characters of a cursor: it becomes part of an address, which has an end.
LONGEST = 4096

RowsOf = Callable[[Any], Iterable[Row]]


class Repeated(Exception):
    """A record that an earlier page had already."""


class Beside(Exception):
    """A record of something else, or of another time, than was asked for."""


def take(asking: Inquiry, page: Page, listed: str, rows_of: RowsOf, rows: FamilyRows, note: str = "") -> None:
    """Count every record of a page, write its rows, and add the page's card.

    `rows_of` gives the rows of a record; it raises `ValueError` for one that is not as documented, and `Repeated` or
    `Beside` for one that is no row.
    """
    tally = Tally(f"{page.request.path} page {page.number}", asking.gathering.limits)
    if note:
        tally.problem(note)
    for number, record in enumerate(_records(page, listed, tally), start=1):
        # Pages overlap where records are added while they are read: the same record says nothing twice.
        if asking.had(record):
            tally.duplicates += 1
        else:
            take_record(record, number, rows_of, rows, tally, page.stored.artefact)
    asking.card(page, tally)


def take_record(record: Any, number: int, rows_of: RowsOf, rows: FamilyRows, tally: Tally, artefact: str) -> None:
    """Count one record, and write its rows where it has any."""
    try:
        found = list(rows_of(record))
    except Repeated:
        tally.duplicates += 1
    except Beside:
        tally.not_relevant += 1
    except ValueError as cause:
        tally.lose(f"record {number}")
        tally.problem(f"{tally.name}: record {number}: {cause}")
    else:
        tally.rows += 1
        for name, row in found:
            rows.add(name, row, artefact=artefact, row=number)


def _records(page: Page, name: str, tally: Tally) -> list[Any]:
    try:
        listed = page.json()[name]
        if isinstance(listed, list):
            return listed
    except (ValueError, KeyError, TypeError):
        pass
    tally.refuse(f"the answer has no list {name!r}")
    return []


def take_one(asking: Inquiry, page: Page, rows_of: RowsOf, rows: FamilyRows) -> None:
    """Take a page that is one record itself."""
    tally = Tally(f"{page.request.path} page {page.number}", asking.gathering.limits)
    try:
        found = list(rows_of(page.json()))
    except ValueError as cause:
        tally.lose("the answer")
        tally.problem(f"{tally.name}: {cause}")
    else:
        tally.rows += 1
        for name, row in found:
            rows.add(name, row, artefact=page.stored.artefact, row=1)
    asking.card(page, tally)


def no_more(_: Page) -> Request | None:
    """Follow nothing: the answer is one page."""
    return None


def after(parameter: str, cursor: str) -> Callable[[Page], Request | None]:
    """Return what follows a page that says `has_more`, and after what in `cursor`, to be sent as `parameter`."""

    def follow(page: Page) -> Request | None:
        found = page.json()
        if not isinstance(found, dict) or not isinstance(found.get("has_more"), bool):
            raise ValueError("does not say whether there is more")
        if not found["has_more"]:
            return None
        last = found.get(cursor)
        if not isinstance(last, str) or not 0 < len(last) <= LONGEST or not (last.isascii() and last.isprintable()):
            raise ValueError(f"says that there is more, and gives no {cursor}")
        kept = tuple(pair for pair in page.request.query if pair[0] != parameter)
        return Request(page.request.path, (*kept, (parameter, last)))

    return follow


def text_of(stated: Any, name: str) -> str:
    """Return a text that a record must have; `ValueError` without it."""
    value = object_of(stated).get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"no {name}")
    return value


def object_of(value: Any) -> dict[str, Any]:
    """Return a JSON object; `ValueError` for anything else."""
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def instant_of(text: object) -> datetime | None:
    """Return an instant with an offset, or None for whatever is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else moment
