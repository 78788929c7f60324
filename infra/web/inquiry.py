"""One question to an API, answered page by page: raw pages first, then rows; nothing lost, nothing asked twice.

Every page is in the locker before anything parses it, and in the journal before the next one is asked for. A fault ends
the inquiry early and is on its own card, so that whatever depends on it is seen to be incomplete; what was received
before the fault still counts.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.canonical import canonical_bytes
from evidence.errors import SourceError, VerificationError
from evidence.locker import Stored
from infra.source import Custody, Gathering, Source
from infra.tally import Tally
from infra.web.client import Answer, Client, Request
from infra.web.journal import Journal

PAGE_MEDIA_TYPE = "application/json"
INQUIRY_MEDIA_TYPE = "application/vnd.probity.inquiry+json"
#: Headers that are evidence themselves; everything else is left out, for headers may identify people or sessions.
KEPT_HEADERS = ("request-id", "x-request-id", "date", "anthropic-organization-id", "anthropic-workspace-id")


@dataclass(frozen=True, slots=True)
class Page:
    """One stored page: its place in the inquiry from 1, what was asked, what came, and its JSON if it is any."""

    number: int
    request: Request
    status: int
    headers: Mapping[str, str]
    stored: Stored
    body: bytes = field(repr=False)
    started: datetime = field(repr=False)
    custody: Custody = field(repr=False)

    def json(self) -> Any:
        """Return the body as JSON; `ValueError` (which the source counts) when it is none, or nests too deep."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nests too deep") from None


#: From a page to the next request, or None after the last one; a `ValueError` says that the page is not as documented.
Follow = Callable[[Page], Request | None]


@dataclass(slots=True)
class Inquiry:
    """The pages of one question. Iterate over `pages`, give each page's tally to `card`, and `finish` in the end."""

    gathering: Gathering
    source: Source
    client: Client
    identity: str
    families: tuple[str, ...]
    most_pages: int = 10_000
    _faults: list[str] = field(default_factory=list, init=False)
    _asked: list[dict[str, Any]] = field(default_factory=list, init=False)
    _started: datetime | None = field(default=None, init=False)
    _journals: list[Journal] = field(default_factory=list, init=False)
    _had: set[bytes] = field(default_factory=set, init=False)

    def pages(self, first: Request, follow: Follow) -> Iterator[Page]:
        """Yield every page, resuming an interrupted inquiry; ends early, with a fault noted, when one cannot be had."""
        if self._started is None:
            self._started = self.gathering.now()
        request: Request | None = first
        seen: set[str] = set()
        journal, kept = self._resumed(first)
        while request is not None:
            if request.text() in seen:
                return self.fault(f"{request.path}: the cursor leads back to a page that was read already")
            if len(seen) >= self.most_pages:
                return self.fault(f"{request.path}: more pages than the limit of {self.most_pages}")
            seen.add(request.text())
            try:
                page = self._page(request, len(seen), kept, journal)
            except SourceError as cause:
                return self.fault(str(cause))
            yield page
            try:
                request = follow(page)
            except ValueError as cause:
                return self.fault(f"{page.request.path}: page {page.number} is not as documented: {cause}")
        return None

    def had(self, record: Any) -> bool:
        """Return whether a page of this inquiry had exactly this record before, and remember it."""
        digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest()
        known = digest in self._had
        self._had.add(digest)
        return known

    def fault(self, why: str) -> None:
        """Note why the answer is not whole."""
        self._faults.append(why)

    @property
    def whole(self) -> bool:
        """Return whether nothing has gone wrong so far."""
        return not self._faults

    def card(self, page: Page, tally: Tally, families: tuple[str, ...] | None = None) -> None:
        """Add the extraction card of one page."""
        self.gathering.add_card(
            self.source,
            page.stored,
            tally,
            started=page.started,
            address=f"{self.client.address.rstrip('/')}{page.request.path}",
            media_type=PAGE_MEDIA_TYPE,
            families=self.families if families is None else families,
            custody=page.custody,
        )

    def finish(self) -> None:
        """Add the inquiry's own card: what was asked, in order, and what could not be had; end the journal if whole."""
        tally = Tally(self.client.host, self.gathering.limits)
        for why in self._faults:
            tally.break_off("the next page", why)
        told = {"schema": "probity.inquiry/v1", "address": self.client.address, "requests": self._asked}
        stored = self.gathering.locker.put(io.BytesIO(canonical_bytes(told | {"faults": self._faults})))
        self.gathering.add_card(
            self.source,
            stored,
            tally,
            started=self._started or self.gathering.now(),
            address=self.client.address,
            media_type=INQUIRY_MEDIA_TYPE,
            families=self.families if self._faults else (),
            custody=Custody(identity=self.identity),
        )
        for journal in self._journals:
            journal.end()

    def _resumed(self, first: Request) -> tuple[Journal | None, dict[str, dict[str, Any]]]:
        if self.gathering.journals is None:
            return None, {}
        period = self.gathering.period.as_json()
        question = {"kind": self.source.kind, "address": self.client.address, "identity": self.identity}
        journal = Journal(self.gathering.journals, question | {"first": first.text(), "period": period})
        kept = {line["request"]: line for line in journal.lines() if self._is_kept(line)}
        journal.restart(list(kept.values()))
        self._journals.append(journal)
        return journal, kept

    def _is_kept(self, line: Mapping[str, Any]) -> bool:
        try:
            self.gathering.locker.verify(str(line["artefact"]))
            return isinstance(line["request"], str)
        except (KeyError, VerificationError):
            return False

    def _page(self, request: Request, number: int, kept: dict[str, dict[str, Any]], journal: Journal | None) -> Page:
        line = kept.get(request.text())
        if line is None:
            answer = self.client.send(request)
            stored = self.gathering.locker.put(io.BytesIO(answer.body))
            line = _line(request, answer, stored)
            if journal is not None:
                journal.note(line)
            body = answer.body
        else:
            with self.gathering.locker.open(line["artefact"]) as stream:
                body = stream.read()
            stored = Stored(str(line["artefact"]).removeprefix("sha256:"), len(body))
        self._asked.append(line)
        custody = Custody(
            query=request.text(),
            finished=datetime.fromisoformat(line["finished"]),
            attempts=int(line["attempts"]),
            clock_offset_ms=line["clock_offset_ms"],
            identity=self.identity,
        )
        started = datetime.fromisoformat(line["started"])
        return Page(number, request, line["status"], line["headers"], stored, body, started, custody)


def _line(request: Request, answer: Answer, stored: Stored) -> dict[str, Any]:
    return {
        "request": request.text(),
        "status": answer.status,
        "headers": {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
        "artefact": stored.artefact,
        "started": answer.started.isoformat(),
        "finished": answer.finished.isoformat(),
        "attempts": answer.attempts,
        "clock_offset_ms": answer.clock_offset_ms,
    }
