"""Looking at everything an audit needs: sources, keys, authorities, ledger, store, disk and clock."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from evidence import timestamp
from evidence.errors import ProbityError
from evidence.timestamp import Authorities
from flows.engagement import Engagement
from flows.ledger_file import FolderLedger
from flows.sealer import Sealer
from flows.undelivered import observe
from infra.examination import Examination, Observation, Outcome, failed
from infra.store import FolderStore

#: Beyond the first a clock is looked at, beyond the second it is wrong: AWS refuses requests, readers refuse stamps.
SKEW, WRONG = timedelta(seconds=5), timedelta(minutes=5)
MIB = 1024 * 1024
LITTLE, TOO_LITTLE = 2048 * MIB, 128 * MIB
ENDING = timedelta(days=30)
EXIT = {
    Outcome.FINE: 0,
    Outcome.WARNING: 0,
    Outcome.UNREADABLE: 3,
    Outcome.MISCONFIGURED: 2,
    Outcome.UNVERIFIED: 4,
    Outcome.FAILED: 5,
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen of one part of an engagement, such as a source or the clock."""

    part: str
    observations: tuple[Observation, ...]

    @property
    def worst(self) -> Outcome:
        """Return the worst that was seen."""
        return max((one.outcome for one in self.observations), key=lambda one: one.rank, default=Outcome.FINE)


def examine(engagement: Engagement, at: Examination) -> Iterator[Examined]:
    """Yield what is seen of each part, the clock last: by then others have told the time."""
    seen: list[Observation] = []
    for part, look in _parts(engagement, at):
        found = tuple(_observed(part, look))
        seen += found
        yield Examined(part, found)
    yield Examined("clock", (clock(seen),))


def exit_code(examined: Iterable[Examined]) -> int:
    """Return the exit code of the worst, as an audit would end: 0, 3, 2, 4 or 5."""
    return EXIT[max((one.worst for one in examined), key=lambda one: one.rank, default=Outcome.FINE)]


Look = Callable[[], Iterable[Observation]]


def _parts(engagement: Engagement, at: Examination) -> Iterator[tuple[str, Look]]:
    for number, source in enumerate(engagement.sources, start=1):
        yield f"source {number} {source.kind}", lambda source=source: source.examine(at)  # type: ignore[misc]
    yield "signer", lambda: _signer(engagement, at)
    if engagement.file.timestamp:
        yield "time stamps", lambda: _stamps(engagement.sealer(at.now()), at)
    yield "ledger", lambda: _ledger(engagement)
    yield "store", lambda: _store(engagement)
    yield "disk", lambda: _disk(engagement)
    notify = engagement.file.notify
    if notify is not None:
        yield "notify", lambda: observe(engagement, notify, at)


def _observed(part: str, look: Look) -> Iterator[Observation]:
    try:
        yield from look()
    except ProbityError as cause:
        yield failed(part, cause)


def _signer(engagement: Engagement, at: Examination) -> Iterator[Observation]:
    sealer = engagement.sealer(at.now())
    yield Observation("open the keys", Outcome.FINE, sealer.name)
    for signer in filter(None, (sealer.p256, sealer.ml_dsa_65)):
        rehearse = getattr(signer, "rehearse", None)  # keys that sign elsewhere need a right to it
        if rehearse is not None:
            rehearse()
            yield Observation("sign", Outcome.FINE, "the key service would sign")
    if sealer.chain:
        ends = sealer.chain[0].not_valid_after_utc
        soon = Outcome.WARNING if ends - at.now() < ENDING else Outcome.FINE
        yield Observation("seal certificate", soon, f"ends on {ends:%Y-%m-%d}")
    if sealer.cades is not None:
        yield Observation("revocation lists", Outcome.FINE, f"{len(sealer.revocation())} fetched")


def _stamps(sealer: Sealer, at: Examination) -> Iterator[Observation]:
    for stamper in sealer.stampers:
        what = f"ask {getattr(stamper, 'url', 'an authority')} for a stamp"
        try:
            yield _stamp(stamper, sealer, what, at)
        except ProbityError as cause:
            # An authority that nobody trusts is away as far as an audit goes.
            yield failed(what, cause)


def _stamp(stamper: timestamp.Stamper, sealer: Sealer, what: str, at: Examination) -> Observation:
    covered = secrets.token_bytes(32)
    started = at.now()
    stamp = timestamp.read(stamper.stamp(covered), covered, what)
    finished = at.now()
    timestamp.check(stamp, Authorities(sealer.tsa_roots), max(finished, stamp.time), what)
    middle = started + (finished - started) / 2
    offset = round((stamp.time - middle).total_seconds() * 1000)
    return Observation(what, Outcome.FINE, f"stamped at {stamp.time:%Y-%m-%dT%H:%M:%SZ}", offset)


def _ledger(engagement: Engagement) -> Iterator[Observation]:
    ledger = engagement.ledger()
    if ledger is None:
        yield Observation("ledger", Outcome.WARNING, "there is none: nobody sees a run that is left out")
        return
    place = engagement.file.ledger
    yield Observation("read the ledger", Outcome.FINE, f"{ledger.history().size} leaves")
    if place is None or isinstance(place, FolderLedger):
        yield _writable("write the ledger", engagement.folder / (place.path if place else "ledger"))


def _store(engagement: Engagement) -> Iterator[Observation]:
    if isinstance(engagement.store, FolderStore):
        yield _writable("write bundles", Path(engagement.store.path))
        return
    engagement.store.prepare()
    yield Observation("ask for versioning and lock", Outcome.FINE, "bundles would be locked, and disclosures not")


def _writable(what: str, folder: Path) -> Observation:
    there = _nearest(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        return Observation(what, Outcome.FAILED, f"{folder.name} may not be written to; check its permissions")
    return Observation(what, Outcome.FINE, f"{folder.name} may be written to")


def _disk(engagement: Engagement) -> Iterator[Observation]:
    places = {"evidence and work": engagement.state, "temporary files": Path(tempfile.gettempdir())}
    if isinstance(engagement.store, FolderStore):
        places["bundles"] = Path(engagement.store.path)
    for what, folder in places.items():
        free = shutil.disk_usage(_nearest(folder)).free
        outcome = Outcome.FAILED if free < TOO_LITTLE else Outcome.WARNING if free < LITTLE else Outcome.FINE
        yield Observation(f"room for {what}", outcome, f"{free // MIB} MiB free")


def _nearest(folder: Path) -> Path:
    there = folder.absolute()
    while not there.is_dir() and there != there.parent:
        there = there.parent
    return there


def clock(seen: Iterable[Observation]) -> Observation:
    """Return how far this machine's clock is off: the median of what others told, which one that errs does not move."""
    told = sorted(one.clock_offset_ms for one in seen if one.clock_offset_ms is not None)
    if not told:
        return Observation("compare the clock", Outcome.WARNING, "nobody who was asked told the time")
    offset = told[len(told) // 2]
    off = timedelta(milliseconds=abs(offset))
    outcome = Outcome.FAILED if off > WRONG else Outcome.WARNING if off > SKEW else Outcome.FINE
    way = "behind" if offset > 0 else "ahead"
    advice = "" if outcome is Outcome.FINE else "; set it, or let it be set by NTP"
    detail = f"{off.total_seconds():.1f} s {way} of {len(told)} answers' median{advice}"
    return Observation("compare the clock", outcome, detail, offset)
