"""One probe at work: everything it sends is on a card, and what it found is a document that its rows point to."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.canonical import canonical_bytes
from evidence.errors import SourceError
from evidence.locker import Stored
from infra.family_rows import FamilyRows
from infra.source import Custody, Gathering, Source
from infra.tally import Tally
from infra.web.client import Answer, Client, Request
from infra.web.inquiry import KEPT_HEADERS, PAGE_MEDIA_TYPE
from infra.web.listed import Row

MEDIA_TYPE = "application/vnd.probity.probe+json"
#: Statuses that say something to a probe: no such thing, no right to it.
ANSWERS = frozenset({401, 403, 404, 405})


@dataclass(frozen=True, slots=True)
class Asked:
    """A client with a credential, and how cards name it."""

    client: Client
    identity: str


@dataclass(slots=True)
class Round:
    """What one probe does in one gathering. `family` is what is incomplete when it fails."""

    name: str
    family: str
    source: Source
    gathering: Gathering
    rows: FamilyRows
    started: datetime
    found: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _exchanges: list[dict[str, Any]] = field(default_factory=list)
    _rows: list[Row] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)

    def send(self, asked: Asked, request: Request) -> tuple[Answer, Any]:
        """Send one request and return the answer and its JSON, if it is any; raises `SourceError`."""
        answer = asked.client.send(request)
        stored = self.gathering.locker.put(io.BytesIO(answer.body))
        sent = hashlib.sha256(request.body).hexdigest() if request.body else ""
        what = f"{request.method} {request.text()}" + (f" body sha256:{sent}" if sent else "")
        self._exchanges.append(
            {
                "request": what,
                "status": answer.status,
                "headers": {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
                "artefact": stored.artefact,
                "started": answer.started.isoformat(),
                "finished": answer.finished.isoformat(),
                "clock_offset_ms": answer.clock_offset_ms,
            }
        )
        self._card(asked, request, answer, stored, what)
        try:
            return answer, json.loads(answer.body)
        except (ValueError, RecursionError):
            return answer, None

    def add(self, family: str, row: dict[str, Any]) -> None:
        """Add a row; it will point to the document of this round."""
        self._rows.append((family, row))

    def commit(self, commitments: dict[str, dict[str, str]]) -> None:
        """Put commitments down, as an artefact with a card of its own, before what they commit to is sent."""
        told = {"schema": "probity.canaries/v1", "commitments": commitments}
        stored = self.gathering.locker.put(io.BytesIO(canonical_bytes(told)))
        tally = Tally(f"{self.source.kind}: commitments", self.gathering.limits)
        tally.not_relevant += sum(map(len, commitments.values()))
        self._document(stored, tally, "/commitments", ())

    def fault(self, cause: SourceError | ValueError) -> None:
        """Note why the probe could not be finished."""
        self._faults.append(str(cause))

    def finish(self) -> None:
        """Store what was done and found, write the rows, and add the card."""
        if not (self._exchanges or self._faults or self.notes or self._rows):
            return
        told = {"schema": "probity.probe/v1", "probe": self.name, "exchanges": self._exchanges, "found": self.found}
        stored = self.gathering.locker.put(io.BytesIO(canonical_bytes(told)))
        tally = Tally(f"{self.source.kind}: {self.name}", self.gathering.limits)
        for number, (family, row) in enumerate(self._rows, start=1):
            self.rows.add(family, row, artefact=stored.artefact, row=number)
            tally.rows += 1
        for note in self.notes:
            tally.problem(f"{tally.name}: {note}")
        self._document(stored, tally, "", tuple(sorted(self.families)))
        if self._faults:
            self._failed()

    def _failed(self) -> None:
        """Say why the probe could not be finished, apart from what it found: that counts all the same."""
        told = {"schema": "probity.probe-faults/v1", "probe": self.name, "faults": self._faults}
        stored = self.gathering.locker.put(io.BytesIO(canonical_bytes(told)))
        tally = Tally(f"{self.source.kind}: {self.name}", self.gathering.limits)
        for why in self._faults:
            tally.break_off("an exchange", why)
        self._document(stored, tally, "/faults", (self.family,) if self.family else ())

    def _document(self, stored: Stored, tally: Tally, what: str, families: tuple[str, ...]) -> None:
        self.gathering.add_card(
            self.source,
            stored,
            tally,
            started=self.started,
            address=f"{self.source.kind}/{self.name}{what}",
            media_type=MEDIA_TYPE,
            families=families,
        )

    @property
    def families(self) -> set[str]:
        """Return the families that rows were added to."""
        return {family for family, _ in self._rows}

    def _card(self, asked: Asked, request: Request, answer: Answer, stored: Stored, what: str) -> None:
        tally = Tally(request.path, self.gathering.limits)
        tally.not_relevant += 1  # an answer to a probe is no row; what it shows is in the document of the round
        self.gathering.add_card(
            self.source,
            stored,
            tally,
            started=answer.started,
            address=f"{asked.client.address.rstrip('/')}{request.path}",
            media_type=PAGE_MEDIA_TYPE,
            families=(),
            custody=Custody(
                query=what,
                finished=answer.finished,
                attempts=answer.attempts,
                clock_offset_ms=answer.clock_offset_ms,
                identity=asked.identity,
            ),
        )
