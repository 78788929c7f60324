"""The composition root: the one place where clock, randomness, environment and folders become arguments."""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from checks.codes import Code
from evidence.disclosure import Register, Tokens
from evidence.errors import BadInput, OutputFailed, Place, Problem
from evidence.model import Period
from flows import alerts
from flows.audit_file import PERIOD, parse_instant
from flows.engagement import Engagement, open_engagement
from flows.engines import require
from flows.pipeline import Run, Tell
from flows.sealer import Sealer
from infra import settings
from infra.examination import Examination
from infra.turn import turn
from infra.unfinished import Unfinished
from infra.work_lock import WorkLock

if TYPE_CHECKING:
    from flows.notifying import Desk

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Request:
    """What a person or a schedule asks for, as text; flags beat the audit file."""

    engagement: str
    period: str | None = None
    start: str | None = None
    end: str | None = None
    as_of: str | None = None
    out: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An engagement that is ready to run: configuration valid, key usable, output writable."""

    engagement: Engagement
    run: Run
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class Reopened:
    """An engagement whose interrupted runs can be finished."""

    engagement: Engagement
    sealer: Sealer
    now: Callable[[], datetime]


def reopen(request: Request, now: Callable[[], datetime] | None = None) -> Reopened:
    """Return what finishing interrupted runs needs: keys, ledger and store, and neither a period nor an engine."""
    clock = now or (lambda: datetime.now(UTC))
    out = Path(request.out) if request.out else None
    engagement = open_engagement(Path(request.engagement), settings.variable, out)
    sealer = replace(engagement.sealer(clock()), ledger=engagement.ledger())
    engagement.store.prepare()
    return Reopened(engagement, sealer, clock)


def examination(folder: Path) -> tuple[Engagement, Examination]:
    """Return an engagement, and what looking at what it needs takes: clock, environment, and where nobody may go."""
    engagement = open_engagement(folder, settings.variable)
    file = engagement.file
    return engagement, Examination(
        folder, lambda: datetime.now(UTC), settings.variable, file.egress, file.evidence_regions
    )


@dataclass(frozen=True, slots=True)
class AtWork:
    """An engagement that is looked after between its audits, and the clock."""

    engagement: Engagement
    now: Callable[[], datetime]


def at_work(folder: str, now: Callable[[], datetime] | None = None) -> AtWork:
    """Return the engagement in a folder, as what runs by itself needs it; Prefect's worker starts in this process."""
    settings.harden()
    return AtWork(open_engagement(Path(folder), settings.variable), now or (lambda: datetime.now(UTC)))


def prepare(request: Request, tell: Tell = lambda _: None, now: Callable[[], datetime] | None = None) -> Prepared:
    """Return everything a run needs; whatever can fail early fails here, before anything is gathered."""
    clock = now or (lambda: datetime.now(UTC))
    started = clock()
    folder = Path(request.engagement)
    out = Path(request.out) if request.out else None
    engagement = open_engagement(folder, settings.variable, out)
    stated = engagement.file.as_of or started
    as_of = stated if request.as_of is None else parse_instant(request.as_of, "--as-of")
    period = _period(request, engagement, as_of)
    require(engagement.file.engine, settings.java(), str(folder / "audit.yaml"))
    sealer = replace(engagement.sealer(started), ledger=engagement.ledger())
    engagement.store.prepare()
    salt = _salt(engagement.state)
    run_id = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    run = Run(
        id=run_id,
        period=period,
        as_of=as_of.astimezone(UTC),
        now=clock,
        register=Register(Tokens(salt), engagement.file.personal.fields),
        held=Unfinished(engagement.state / "work" / run_id),
        tell=tell,
        workers=settings.processors(),
        lock=WorkLock(engagement.state),
        cache_key=hmac.digest(salt, b"typed rows", "sha256"),
        variable=settings.variable,
    )
    return Prepared(engagement, run, sealer)


@contextlib.contextmanager
def in_turn(request: Request, prepared: Prepared, note: Tell, tell: Tell = lambda _: None) -> Iterator[Prepared]:
    """Hold the turn of an engagement while it is audited, and yield what is to be run.

    After a wait that is prepared anew: meanwhile another run was completed, and an hour may have passed.
    """
    state = prepared.engagement.state
    with turn(state, lambda: note(waits(state))) as waited:
        yield prepare(request, tell, prepared.run.now) if waited else prepared


def waits(state: Path) -> str:
    """Return what an audit says that waits for its turn."""
    return f"another audit of this engagement is under way ({state.parent}); this one begins when it ends"


@contextlib.contextmanager
def alerting(folder: str, *, unattended: bool = False) -> Iterator[None]:
    """Put an alert into the outbox of an engagement when what is inside ends without a verdict."""
    with alerts.alerting(Path(folder), settings.variable, lambda: datetime.now(UTC), settings.masked, unattended):
        yield


def desk(folder: str, now: Callable[[], datetime] | None = None) -> Desk:
    """Return where the messages of the engagement in a folder go through."""
    from flows.notifying import open_desk  # noqa: PLC0415 - most verbs send nothing

    at = at_work(folder, now)
    return open_desk(at.engagement, at.now, settings.variable, secrets.SystemRandom().random)


def _period(request: Request, engagement: Engagement, as_of: datetime) -> Period:
    if request.start is not None or request.end is not None:
        if request.period is not None or request.start is None or request.end is None:
            raise _bad("--from", "give --from and --to together, or --period alone")
        start, end = parse_instant(request.start, "--from"), parse_instant(request.end, "--to")
        if end <= start:
            raise _bad("--to", "the period must end after it starts")
        return Period.of(start, end)
    asked = engagement.file.period if request.period is None else request.period
    return named_period(_last_month(as_of.astimezone(UTC)) if asked is None else asked)


def named_period(text: str) -> Period:
    """Return a calendar period in UTC: a month `2025-06`, a quarter `2025-Q2` or a year `2025`."""
    try:
        if not re.fullmatch(PERIOD, text):
            raise ValueError(text)
        year, _, rest = text.partition("-")
        first, months = 1, 12
        if rest.startswith("Q"):
            first, months = int(rest[1:]) * 3 - 2, 3
        elif rest:
            first, months = int(rest), 1
        last = int(year) * 12 + first - 1 + months
        start = datetime(int(year), first, 1, tzinfo=UTC)
        return Period.of(start, datetime(last // 12, last % 12 + 1, 1, tzinfo=UTC))
    except ValueError:
        raise _bad("--period", f"{text!r} is not a period; write 2025-06, 2025-Q2 or 2025") from None


def _last_month(as_of: datetime) -> str:
    index = as_of.year * 12 + as_of.month - 2
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _bad(where: str, what: str) -> BadInput:
    return BadInput(Problem(Code.MALFORMED, what, Place(where)))


def _salt(state: Path) -> bytes:
    """Return the engagement's own salt for personal tokens; made once, readable by its owner only, never published."""
    path = state / "salt"
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_name(f".salt-{secrets.token_hex(4)}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(SALT_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(fresh)  # unlike a rename, a link leaves the salt of a run that was faster
            finally:
                fresh.unlink(missing_ok=True)
        salt = path.read_bytes()
    except OSError as cause:
        raise OutputFailed(f"cannot keep state in {state}: {cause.strerror or cause}") from cause
    if len(salt) != SALT_BYTES:
        raise OutputFailed(f"{path} is damaged; restore it, or remove it and accept new tokens")
    return salt
