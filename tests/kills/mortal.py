"""An audit that ends at a named moment: every place where something lasting happens tells of it, before and after.

Nothing is patched: the sealing's steps, the ledger's shelf, authorities and the store are wrapped where they are wired.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.ledger import Ledger, Shelf
from evidence.sealing import Draft, Sealing, SealingStep
from evidence.timestamp import Stamper
from flows.engagement import Engagement
from flows.pipeline import run_audit
from flows.resume import resume
from flows.sealer import Sealer
from flows.wiring import Request, prepare, reopen
from infra.locked_bucket import LockedBucket
from infra.s3 import open_client
from infra.store import Store
from infra.store_s3 import S3Store


class Moments:
    """Counts moments, writes their names to a descriptor, and ends the process at one of them."""

    def __init__(self, tell: int, last: int | None = None) -> None:
        self._tell, self._last, self._seen = tell, last, 0

    def __call__(self, name: str) -> None:
        os.write(self._tell, f"{name}\n".encode())
        if self._seen == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self._seen += 1


Reach = Callable[[str], None]


@dataclass(frozen=True)
class MortalShelf:
    shelf: Shelf
    reach: Reach

    def names(self) -> Sequence[str]:
        return self.shelf.names()

    def read(self, name: str) -> bytes | None:
        return self.shelf.read(name)

    def create(self, name: str, data: bytes) -> bool:
        self.reach(f"before {name.partition('/')[0]}")
        taken = self.shelf.create(name, data)
        self.reach(f"after {name.partition('/')[0]}")
        return taken


@dataclass(frozen=True)
class MortalStamper:
    stamper: Stamper
    reach: Reach

    def stamp(self, data: bytes) -> bytes:
        stamp = self.stamper.stamp(data)
        self.reach("stamped")
        return stamp


@dataclass(frozen=True)
class MortalStep:
    step: SealingStep
    reach: Reach

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        self.reach(f"before {type(self.step).__name__}")
        made = self.step.make(draft)
        self.reach(f"after {type(self.step).__name__}")
        return made


@dataclass(frozen=True)
class MortalStore:
    store: Store
    reach: Reach

    def prepare(self) -> None:
        self.store.prepare()

    def put(self, sealed: Path, name: str, at: datetime) -> str:
        self.reach("sealed")
        address = self.store.put(sealed, name, at)
        self.reach("stored")
        return address


@dataclass(frozen=True)
class MortalClient:
    """A client of S3 whose writes are moments: disclosures and bundle are two of them."""

    client: Any
    reach: Reach

    def __getattr__(self, operation: str) -> Any:
        def asked(**given: Any) -> Any:
            if operation == "put_object":
                self.reach("before put_object")
            answer = getattr(self.client, operation)(**given)
            if operation == "put_object":
                self.reach("after put_object")
            return answer

        return asked


@dataclass(frozen=True)
class MortalSealer(Sealer):
    reach: Reach = field(default=lambda _: None)

    def sealing(self, *given: Any, **named: Any) -> Sealing:
        whole = Sealer.sealing(self, *given, **named)
        return replace(whole, steps=tuple(MortalStep(step, self.reach) for step in whole.steps))


def mortal(engagement: Engagement, sealer: Sealer, reach: Reach) -> tuple[Engagement, Sealer]:
    """Return both so that they reach moments; what they do is the same."""
    held = {name: getattr(sealer, name) for name in Sealer.__dataclass_fields__}
    book = sealer.ledger
    assert book is not None
    shelf = MortalShelf(book._shelf, reach)
    held["ledger"] = Ledger(shelf, book._signer, book._witness)
    held["stampers"] = tuple(MortalStamper(stamper, reach) for stamper in sealer.stampers)
    store = engagement.store
    if isinstance(store, S3Store):
        client = open_client(store.region, store.endpoint, store.bucket)
        store = LockedBucket(MortalClient(client, reach), store)
    return replace(engagement, store=MortalStore(store, reach)), MortalSealer(**held, reach=reach)


def audit(folder: Path, reach: Reach) -> None:
    """Audit an engagement; the run tells of its own steps as well."""
    prepared = prepare(Request(str(folder)), reach)
    run_audit(*_woven(prepared, reach))


def _woven(prepared: Any, reach: Reach) -> tuple[Engagement, Any, Sealer]:
    engagement, sealer = mortal(prepared.engagement, prepared.sealer, reach)
    return engagement, prepared.run, sealer


def finish(folder: Path, reach: Reach) -> None:
    """Finish what was interrupted."""
    opened = reopen(Request(str(folder)))
    engagement, sealer = mortal(opened.engagement, opened.sealer, reach)
    for _ in resume(engagement, sealer, opened.now, reach):
        reach("finished")
