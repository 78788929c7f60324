"""Inquiries: pages are kept, faults are on cards, and an interrupted inquiry asks only for what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.locker import Locker
from evidence.model import ExtractionCard, Period
from infra.source import Gathering
from infra.sources.files import Files
from infra.tally import Tally
from infra.web.client import Bounds, Client, Request
from infra.web.inquiry import Inquiry, Page
from infra.web.listed import after
from infra.web.retry import Retry
from tests.vendor_server import Params, Reply, serving

NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
PERIOD = Period.of(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
FIRST = Request("/v1/things", (("limit", "2"),))


def gathering(folder: Path) -> Gathering:
    return Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: value,
        journals=folder / "journals",
    )


@contextmanager
def inquiry(at: Gathering, address: str, **more: Any) -> Iterator[Inquiry]:
    bounds = Bounds(per_second=1e6)
    asking = Client(
        address, {}, frozenset({"127.0.0.1"}), lambda: NOW, lambda _: None, bounds=bounds, retry=Retry(attempts=2)
    )
    with asking:
        yield Inquiry(at, Files(path="-"), asking, "key …1234", ("notices",), **more)


def thing(path: str, params: Params, _: object) -> Reply:
    """Three pages of two things each."""
    at = int(dict(params).get("after", "0"))
    return Reply({"data": [at + 1, at + 2], "next": at + 2 if at < 4 else None})


def follow(page: Page) -> Request | None:
    after = page.json()["next"]
    return None if after is None else Request(FIRST.path, (*FIRST.query, ("after", str(after))))


def read(at: Gathering, address: str, **more: Any) -> list[int]:
    found: list[int] = []
    with inquiry(at, address, **more) as asking:
        for page in asking.pages(FIRST, follow):
            found += page.json()["data"]
            asking.card(page, Tally("page", rows=len(page.json()["data"])))
        asking.finish()
    return found


def read_two_pages(at: Gathering, address: str) -> Page:
    with inquiry(at, address) as asking:
        pages = asking.pages(FIRST, follow)
        next(pages)
        return next(pages)


def cards(at: Gathering) -> tuple[ExtractionCard, ...]:
    return at.gathered().cards


def test_all_pages_are_read_and_every_one_is_an_artefact_with_its_query(tmp_path: Path) -> None:
    at = gathering(tmp_path)
    with serving(thing) as server:
        assert read(at, server.address) == [1, 2, 3, 4, 5, 6]
    *pages, last = cards(at)
    assert [card.query for card in pages] == [
        "/v1/things?limit=2",
        "/v1/things?limit=2&after=2",
        "/v1/things?limit=2&after=4",
    ]
    assert all(at.locker.verify(card.artefact) for card in pages)
    assert (last.complete, last.identity, last.received) == (True, "key …1234", 0)


@pytest.mark.parametrize(
    ("third", "why"),
    [
        (Reply(status=500), "answered 500"),
        (Reply(status=401), "expired"),
        (Reply({"data": [5], "next": 2}), "leads back"),
        (Reply(b'{"data": [5], "next'), "not as documented"),
    ],
)
def test_a_fault_leaves_what_came_before_and_is_on_a_card(tmp_path: Path, third: Reply, why: str) -> None:
    at = gathering(tmp_path)

    def faulty(path: str, params: Params, headers: object) -> Reply:
        return third if ("after", "4") in params else thing(path, params, headers)

    with serving(faulty) as server, inquiry(at, server.address) as asking:
        found = [page.number for page in asking.pages(FIRST, follow)]
        asking.finish()
    assert found[:2] == [1, 2]
    last = cards(at)[-1]
    assert not last.complete
    assert why in " ".join(last.problems)
    assert last.families == ("notices",)
    assert not asking.whole


def test_pages_end_at_the_limit_and_say_so(tmp_path: Path) -> None:
    at = gathering(tmp_path)
    with serving(thing) as server:
        assert read(at, server.address, most_pages=2) == [1, 2, 3, 4]
    assert not cards(at)[-1].complete


def test_an_interrupted_inquiry_goes_on_where_it_was_and_gives_the_same_artefacts(tmp_path: Path) -> None:
    with serving(thing) as server:
        undisturbed = gathering(tmp_path / "a")
        read(undisturbed, server.address)
        killed = gathering(tmp_path / "b")
        read_two_pages(killed, server.address)
        before = len(server.asked)
        resumed = gathering(tmp_path / "b")
        assert read(resumed, server.address) == [1, 2, 3, 4, 5, 6]
        assert len(server.asked) == before + 1
    # The inquiry's own artefact holds when each page was asked for.
    assert [c.artefact for c in cards(resumed)[:-1]] == [c.artefact for c in cards(undisturbed)[:-1]]


def test_a_finished_inquiry_asks_anew(tmp_path: Path) -> None:
    with serving(thing) as server:
        read(gathering(tmp_path), server.address)
        read(gathering(tmp_path), server.address)
        assert len(server.asked) == 6


def test_a_journal_line_that_a_crash_cut_short_is_asked_again(tmp_path: Path) -> None:
    with serving(thing) as server:
        read_two_pages(gathering(tmp_path), server.address)
        (journal,) = (tmp_path / "journals").iterdir()
        journal.write_bytes(journal.read_bytes()[:-20])
        assert read(gathering(tmp_path), server.address) == [1, 2, 3, 4, 5, 6]
        assert len(server.asked) == 4


def test_a_kept_page_whose_bytes_are_lost_is_asked_again(tmp_path: Path) -> None:
    with serving(thing) as server:
        at = gathering(tmp_path)
        page = read_two_pages(at, server.address)
        stored = at.locker.path(page.stored.sha256)
        stored.unlink()
        assert read(gathering(tmp_path), server.address) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("cursor", ["c" * 70_000, "\ud800", "a\nb", 7])
def test_a_cursor_that_cannot_be_asked_for_ends_the_inquiry_with_a_fault(cursor: Any, tmp_path: Path) -> None:
    at = gathering(tmp_path)
    endless = Reply({"data": [], "has_more": True, "last_id": cursor})
    with serving(lambda *_: endless) as server, inquiry(at, server.address) as asking:
        assert [page.number for page in asking.pages(FIRST, after("after", "last_id"))] == [1]
        asking.finish()
    assert "gives no last_id" in " ".join(cards(at)[-1].problems)
