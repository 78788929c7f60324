"""A status page over HTTP, list by list, or its saved answers out of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from evidence.model import instant_text
from infra.family_rows import FamilyRows
from infra.folder import Folder
from infra.listing import Entry
from infra.source import Gathering, Source
from infra.statuspage_records import FAMILIES, OUTAGES, PageRecords, short_of
from infra.tally import Tally
from infra.web.client import Client, Request
from infra.web.inquiry import Inquiry
from infra.web.listed import RowsOf, no_more, take, take_record

#: Name of the list in an answer, by what is asked.
LISTS = {"incidents": "incidents", "maintenances": "scheduled_maintenances", "components": "components"}
PATHS = {"maintenances": "scheduled-maintenances"}
IDENTITY = "nobody: the page is public"
MEDIA_TYPE = "application/json"
SUFFIX = ".json"
#: What a page may call itself; it is repeated on cards.
_STATED = re.compile(r"[\w.:/+-]{1,200}", re.ASCII)


def gather_page(source: Source, client: Client, reads: tuple[str, ...], gathering: Gathering) -> None:
    """Read a public status page as it is now."""
    records = PageRecords(client.host, gathering.period)
    with FamilyRows(gathering, source.kind, (OUTAGES,)) as rows:
        for name in reads:
            asking = Inquiry(gathering, source, client, IDENTITY, (OUTAGES,))
            for page in asking.pages(Request(f"/api/v2/{PATHS.get(name, name)}.json"), no_more):
                records.observed = instant_text(page.custody.finished or gathering.now())
                take(asking, page, LISTS[name], _reader(records, name), rows)
            if name == "incidents" and asking.whole and (short := short_of(records)):
                asking.fault(short)
            asking.finish()
        rows.keep()


def gather_saved(source: Source, configured: str, gathering: Gathering) -> None:
    """Read saved answers of a status page: lists as its API gives them, a summary, or the uptime of a component."""
    folder = Folder(gathering, source, configured)
    with FamilyRows(gathering, source.kind, FAMILIES) as rows:
        records: dict[str, PageRecords] = {}
        for done, entry in enumerate(folder.entries, start=1):
            if entry.name.lower().endswith(SUFFIX):
                _take_file(folder, entry, records, rows)
            else:
                folder.skip(entry.name, f"not called {SUFFIX}")
            gathering.progress(source.kind, done, len(folder.entries))
        rows.keep()
    for page, one in sorted(records.items()):
        if short := short_of(one):
            folder.lose(page, short, families=(OUTAGES,))
    folder.finish()


def _take_file(folder: Folder, entry: Entry, pages: dict[str, PageRecords], rows: FamilyRows) -> None:
    gathering, started = folder.gathering, folder.gathering.now()
    stored = folder.store(entry, limit=gathering.limits.document, families=FAMILIES)
    if stored is None:
        return
    tally = Tally(entry.name, gathering.limits)
    try:
        found = json.loads(gathering.locker.path(stored.sha256).read_bytes())
        _take_document(found, pages, rows, tally, stored.artefact, gathering)
    except (ValueError, RecursionError) as cause:
        # The words of a decoder quote nothing of the file but places in it.
        tally.break_off("the document", "nests too deep" if isinstance(cause, RecursionError) else str(cause))
    gathering.add_card(
        folder.source,
        stored,
        tally,
        started=started,
        address=folder.address(entry.name),
        media_type=MEDIA_TYPE,
        families=FAMILIES,
    )


def _take_document(
    found: Any, pages: dict[str, PageRecords], rows: FamilyRows, tally: Tally, artefact: str, gathering: Gathering
) -> None:
    if not isinstance(found, dict):
        raise ValueError("is no answer of a status page")
    if "uptime_percentage" in found:
        take_record(found, 1, PageRecords("", gathering.period).uptime, rows, tally, artefact)
        return
    listed = {name: found[key] for name, key in LISTS.items() if isinstance(found.get(key), list)}
    page = found.get("page")
    if not listed or not isinstance(page, dict):
        raise ValueError("is no answer of a status page: it has no page, or none of its lists")
    where, when = _stated(page, "url"), _stated(page, "updated_at")
    records = pages.setdefault(where, PageRecords(where, gathering.period))
    records.observed = when
    number, oldest = 0, records.oldest
    for name, things in listed.items():
        for thing in things:
            number += 1
            take_record(thing, number, _reader(records, name), rows, tally, artefact)
    if "status" in found:
        records.oldest = oldest  # a summary has only what is not over: it reaches back to nothing


def _stated(page: Mapping[str, Any], name: str) -> str:
    value = page.get(name)
    if not isinstance(value, str) or not _STATED.fullmatch(value):
        raise ValueError(f"does not say its page's {name}")
    return value


def _reader(records: PageRecords, name: str) -> RowsOf:
    readers: Mapping[str, Callable[[Any], Any]] = {
        "incidents": records.incident,
        "maintenances": records.maintenance,
        "components": records.component,
    }
    return readers[name]
