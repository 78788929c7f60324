"""What a source of evidence is, and the gathering that it fills with raw artefacts, tables and extraction cards."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, NamedTuple, cast

from pydantic import BaseModel, ConfigDict

from evidence.errors import Terminal
from evidence.families import family
from evidence.locker import Batch, Locker, Stored
from evidence.model import Assurance, ExtractionCard, Period
from infra.examination import Examination, Fetch, Observation, Outcome, readable_folder
from infra.limits import Limits
from infra.tally import Tally

if TYPE_CHECKING:
    from infra.normalise import Normaliser
    from infra.schedules import Schedule
    from infra.tables import Part


#: So long after the audit's instant an answer still stands for it; gathering large logs takes most of that.
HARDLY_PAST = timedelta(hours=1)


def collector_name() -> str:
    """Return who gathers, as cards state it: the product and its version."""
    return f"probity {metadata.version('probity')}"


def tool_name() -> str:
    """Return the product and version as results and bundles name it."""
    return collector_name().replace(" ", "-")


def no_progress(source: str, done: int, total: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What gathering brought: the Parquet parts of each family, a card per artefact, and notes that fit no card."""

    tables: Mapping[str, tuple[Path, ...]]
    cards: tuple[ExtractionCard, ...]
    problems: tuple[str, ...] = ()


class CacheAt(NamedTuple):
    """Where typed rows may be kept for the next gathering, and the key that shows which entries are ours."""

    folder: Path
    key: bytes


@dataclass(frozen=True, slots=True)
class Custody:
    """How an artefact came to us, beyond what a file can say: what was asked, by whom, and what its maker signed.

    `identity` names a credential without revealing it. `finished` is when the artefact was whole, if that was before
    now. `source_digest` is the digest or signature that the source itself supplied. `blind` names families whose
    records the source did not keep, or not all of the time. `assurance` is what the artefact is worth at most, where
    that is less than its source is.
    """

    query: str = ""
    finished: datetime | None = None
    attempts: int = 1
    clock_offset_ms: int | None = None
    identity: str | None = None
    control_total: int | None = None
    source_digest: str | None = None
    source_digest_verified: bool | None = None
    blind: tuple[str, ...] = ()
    assurance: Assurance | None = None


NO_CUSTODY = Custody()


def no_variable(name: str) -> str | None:  # noqa: ARG001 - an environment without variables
    """Return nothing, as an empty environment does."""
    return None


@dataclass(slots=True)
class Gathering:
    """One gathering under way. The clock, the tokens of personal columns and the limits are arguments.

    `root` is the engagement's folder: configured paths and the addresses on cards are relative to it. `shown` is the
    configured path as it was written, before a variable of the environment was put in. With two `workers` or more,
    large sources are read by so many processes, and with a `cache` what was read before is not read again; what is
    gathered is the same. `journals` is where inquiries over the network keep what they need to be resumed; `variable`
    looks a credential up by name. `egress` are the only hosts that may be asked, `evidence_regions` the only regions
    that evidence may lie in, where they are given. `pause` waits before a request is made again, and `chance` draws of
    [0, 1) by how much a wait is shortened, so that not all come back at once. `as_of` is the instant of the audit;
    without one it is now. `schedules` are those by which the audits of `contract` run by themselves. `entropy` gives
    random bytes.

    Parts appear under `tables` as `<family>/part-00000.parquet`, in the order in which they are opened.
    `noted` is told the personal values of each field before tokens replace them.
    """

    root: Path
    locker: Locker
    tables: Path
    period: Period
    now: Callable[[], datetime]
    token: Callable[[str], str]
    progress: Callable[[str, int, int], None] = no_progress
    limits: Limits = field(default_factory=Limits)
    collector: str = field(default_factory=collector_name)
    identity: str = "local files"
    shown: str | None = None
    workers: int = 0
    cache: CacheAt | None = None
    as_of: datetime | None = None
    journals: Path | None = None
    variable: Callable[[str], str | None] = no_variable
    egress: frozenset[str] | None = None
    noted: Callable[[str, Sequence[str]], None] | None = None
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    evidence_regions: frozenset[str] | None = None
    contract: str = ""
    schedules: tuple[Schedule, ...] = ()
    entropy: Callable[[int], bytes] = secrets.token_bytes
    _cards: list[ExtractionCard] = field(default_factory=list, init=False)
    _parts: dict[str, list[Path]] = field(default_factory=dict, init=False)
    _opened: dict[str, int] = field(default_factory=dict, init=False)
    _problems: list[str] = field(default_factory=list, init=False)

    @property
    def instant(self) -> datetime:
        """Return the instant that a source's own observations are dated to: the audit's."""
        return self.as_of or self.now()

    def observed(self) -> datetime:
        """Return the instant to which an answer of now is dated: the audit's, if that is hardly past; else now.

        The audit's instant is taken before gathering, and what is dated after it counts for nothing. An audit as of a
        day long past must not be told what was seen today as if it had been seen then.
        """
        return self.dated(self.now())

    def dated(self, moment: datetime) -> datetime:
        """Return the instant to which what was answered at `moment` is dated; see `observed`."""
        return self.instant if timedelta(0) <= moment - self.instant <= HARDLY_PAST else moment

    def store(self, path: Path, *, limit: int, into: Batch | None = None) -> Stored:
        """Put a file into the locker or a batch before anything parses it; raises `Terminal` if it may not be read."""
        try:
            # A file that was swapped for a pipe since it was listed must not block for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as cause:
            raise Terminal(f"{path.name} cannot be read: {cause.strerror or cause}; check its permissions") from cause
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
            return (into or self.locker).put(cast("BinaryIO", stream), limit=limit)

    def part(self, name: str) -> Part:
        """Open the next part of a family; it counts only once `keep_part` was called."""
        from infra.tables import Part  # noqa: PLC0415 - naming a source must not pay for Arrow

        return Part(family(name), self._next_path(name))

    def take_part(self, name: str, data: bytes) -> None:
        """Take the bytes of a part that was finished in an earlier gathering as the next one of a family."""
        from infra.tables import write_part  # noqa: PLC0415

        path = self._next_path(name)
        write_part(path, data)
        self._parts.setdefault(name, []).append(path)

    def keep_part(self, name: str, part: Part) -> None:
        """Finish a part and make it one of the gathering's tables."""
        part.keep()
        self._parts.setdefault(name, []).append(part.path)

    def _next_path(self, name: str) -> Path:
        number = self._opened.get(name, 0)
        self._opened[name] = number + 1
        return self.tables / name / f"part-{number:05d}.parquet"

    def normaliser(self, name: str, source: str, *, textual: bool = False) -> Normaliser:
        """Return what types the raw rows of a family and replaces its personal columns by tokens."""
        from infra.normalise import Normaliser  # noqa: PLC0415 - nor for DuckDB

        return Normaliser(family(name), source, self.token, textual=textual, noted=self.noted)

    def add_card(
        self,
        source: Source,
        stored: Stored,
        tally: Tally,
        *,
        started: datetime,
        address: str,
        media_type: str,
        families: tuple[str, ...],
        custody: Custody = NO_CUSTODY,
    ) -> None:
        """Add the extraction card of one artefact; the tally is settled first, and then says what it says."""
        tally.settle()
        self._cards.append(
            ExtractionCard(
                artefact=stored.artefact,
                size=stored.size,
                media_type=media_type,
                source=source.kind,
                address=address,
                families=families,
                query=custody.query,
                period_asked=self.period,
                received=tally.received,
                rows=tally.rows,
                not_relevant=tally.not_relevant,
                duplicates=tally.duplicates,
                unreadable=tally.unreadable,
                unreadable_places=tuple(tally.places),
                problems=tuple(tally.problems),
                complete=tally.complete,
                control_total=custody.control_total,
                started=started,
                finished=custody.finished or self.now(),
                clock_offset_ms=custody.clock_offset_ms,
                collector=self.collector,
                identity=custody.identity or self.identity,
                attempts=custody.attempts,
                assurance=min(source.assurance, custody.assurance or source.assurance, key=lambda one: one.rank),
                source_digest=custody.source_digest,
                source_digest_verified=custody.source_digest_verified,
                blind=custody.blind,
            )
        )

    def problem(self, text: str) -> None:
        """Note something that belongs to no artefact."""
        self._problems.append(text)

    def gathered(self) -> Gathered:
        """Return everything gathered so far, families in order of their names."""
        tables = {name: tuple(paths) for name, paths in sorted(self._parts.items())}
        return Gathered(tables, tuple(self._cards), tuple(self._problems))


class Source(BaseModel):
    """Where evidence comes from; the object is its own configuration, one entry of `sources` in audit.yaml.

    A subclass declares `kind` as a Literal, its settings, and the families it `provides`. A source never judges.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    assurance: Assurance = Assurance.ATTESTED

    provides: ClassVar[frozenset[str]]

    @property
    def gives(self) -> frozenset[str]:
        """Return what this source gives as it is configured, which is some of what its kind `provides`."""
        return self.provides

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - for sources that look what lies there
        """Say what gathering would ask for; `root` is the engagement's folder. Sends nothing."""
        path = getattr(self, "path", None)
        address = self.kind if path is None else f"folder {path}"
        yield Fetch(address, "local files" if path is not None else "", tuple(sorted(self.gives)))

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Look whether the source can be read as it is configured; sends nothing but harmless reads.

        An error of this program may be raised instead of told: it is an observation too.
        """
        path = getattr(self, "path", None)
        if path is not None:
            yield readable_folder(at.root, path)
        else:
            yield Observation(self.kind, Outcome.WARNING, "this source cannot be looked at before it is gathered")

    def gather(self, gathering: Gathering) -> None:
        """Store what the source says, write its rows, and add a card for every artefact.

        Raises `BadInput` where the configuration names nothing, `Terminal` or `Transient` where the source cannot be
        reached. Damage inside an artefact raises nothing: it is counted on the card.
        """
        raise NotImplementedError
