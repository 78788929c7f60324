"""What AWS services answer about configuration: each call kept or its failure noted, all of them one raw artefact."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from evidence.canonical import canonical_bytes
from evidence.errors import LimitExceeded, SourceError
from evidence.locker import Stored
from infra.bucket_objects import source_error
from infra.s3 import FAILURES, code_of
from infra.source import Custody, Gathering, Source
from infra.tally import Tally

MEDIA_TYPE = "application/json"
#: Pages of one listing; AWS's own lists of models and profiles take a handful.
MAX_PAGES = 1_000


@dataclass(slots=True)
class Answers:
    """The answers about one thing, such as a trail or a bucket; `about` names it in messages.

    A call that fails is a fault and answers nothing. What was asked and what came, without the envelopes of the
    protocol, becomes one artefact with a card; a fault makes that card incomplete for the families it was for.
    """

    about: str
    source: Source
    gathering: Gathering
    answers: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _started: datetime | None = field(default=None, init=False)

    def ask(self, call: str, asked: Callable[[], Any], absent: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return the answer to one call, empty where it failed or where an `absent` code says that there is none."""
        self._started = self._started or self.gathering.now()
        try:
            answer = dict(asked())
        except (LimitExceeded, SourceError) as cause:
            self.faults.append(str(cause))
            return {}
        except FAILURES as cause:
            if (code := code_of(cause)) in absent:
                self.answers[call] = {"none": code}
            else:
                self.faults.append(str(source_error(f"call {call} of", self.about, cause)))
            return {}
        answer.pop("ResponseMetadata", None)
        self.answers[call] = _plain(answer)
        return answer

    def keep(self, schema: str, **more: Any) -> Stored:
        """Put what was answered into the locker."""
        told = {"schema": schema, "answers": self.answers, "faults": self.faults}
        return self.gathering.locker.put(io.BytesIO(canonical_bytes(told | more)))

    def card(
        self, stored: Stored, address: str, families: tuple[str, ...], tally: Tally, blind: tuple[str, ...] = ()
    ) -> None:
        """Add the card of what was kept; `tally` counts what became of it, and learns of the faults here."""
        for why in self.faults:
            tally.break_off("a call", why)
        self.gathering.add_card(
            self.source,
            stored,
            tally,
            started=self._started or self.gathering.now(),
            address=address,
            media_type=MEDIA_TYPE,
            families=families,
            custody=Custody(query=", ".join(self.answers), blind=blind),
        )


def paged(client: Any, operation: str, listed: str, **asked: Any) -> dict[str, list[Any]]:
    """Return all pages of a listing as one answer; `LimitExceeded` where there is no end of them."""
    pages = iter(client.get_paginator(operation).paginate(**asked))
    found = [item for page in islice(pages, MAX_PAGES) for item in page.get(listed, ())]
    if next(pages, None) is not None:
        raise LimitExceeded(f"{operation}: more than {MAX_PAGES} pages")
    return {listed: found}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, float) else value
