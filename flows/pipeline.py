"""The work of an audit as plain functions, in order: gather, check, report, seal, publish.

The command line calls them in this process; `flows.audit` calls the same ones as Prefect tasks. No function here reads
the clock or the environment: both come in through `Run` and `Engagement`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from checks.judge import Evidence, Judgement
from checks.versions import judge_versions
from checks.waivers import waive
from evidence import minimisation
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.errors import OutputFailed, SourceError
from evidence.locker import Locker
from evidence.model import AuditResult, ExtractionCard, Period, Status, roll_up
from flows.disclosing import beside, disclose
from flows.engagement import Engagement
from flows.engines import open_engine
from flows.payload import assemble, merge_family
from flows.sealer import Sealer
from infra.sealing_record import KeptStart, Record
from infra.source import CacheAt, Gathered, Gathering, Source, no_variable
from infra.unfinished import Unfinished
from infra.work_lock import WorkLock

if TYPE_CHECKING:
    from evidence.disclosure import Register
    from evidence.ledger_run import Announced

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What distinguishes one run: its id, what is audited, and the clock; `now` is read only through it."""

    id: str
    period: Period
    as_of: datetime
    now: Callable[[], datetime]
    register: Register
    held: Unfinished
    tell: Tell = field(default=lambda _: None)
    workers: int = 0
    cache_key: bytes | None = None
    lock: WorkLock | None = None

    @property
    def work(self) -> Path:
        """Return the run's work folder."""
        return self.held.work

    variable: Callable[[str], str | None] = no_variable


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything gathered, with the families of sources that could not be reached, and why each could not."""

    gathered: Gathered
    failed: frozenset[str] = frozenset()
    unreached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed bundle in the work folder, and what of it we failed to make."""

    path: Path
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Audited:
    """The result of an audit and the sealed bundle that carries it."""

    result: AuditResult
    bundle: str
    problems: tuple[str, ...]
    failure: str = ""  # of ours, which the bundle states and which did not touch the verdict
    unreached: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """Return the status of the whole audit."""
        return self.result.status


def announce(engagement: Engagement, run: Run, sealer: Sealer) -> Announced | None:
    """Write the run's start into the ledger before anything is gathered; without a ledger there is nothing to do."""
    from evidence.ledger_run import announce as write  # noqa: PLC0415 - keeps cryptography out of verbs without a seal

    if sealer.ledger is None:
        return None
    run.tell("announce")
    return write(sealer.ledger, engagement.contract.id, run.period, run.id, run.now())


def gather_source(engagement: Engagement, run: Run, source: Source, number: int) -> Gathered:
    """Gather one source into tables of its own; raw artefacts are in the locker before anything parses them."""
    gathering = Gathering(
        root=engagement.folder,
        locker=Locker(engagement.state / "locker"),
        tables=run.work / f"source-{number:03d}",
        period=run.period,
        now=run.now,
        as_of=run.as_of,
        token=run.register.tokens,
        noted=run.register.note,
        shown=engagement.written_path(number),
        workers=run.workers,
        journals=engagement.state / "locker" / "journals",
        variable=run.variable,
        egress=engagement.file.egress,
        evidence_regions=engagement.file.evidence_regions,
        contract=engagement.contract.id,
        schedules=engagement.file.schedules.each() if engagement.file.schedules else (),
        cache=_cache(engagement, run),
        progress=lambda kind, done, total: run.tell(f"gather {kind}: {done} of {total}"),
    )
    source.gather(gathering)
    return gathering.gathered()


def _cache(engagement: Engagement, run: Run) -> CacheAt | None:
    """Return where typed rows are kept; values to be disclosed are not in there, and must be read again."""
    if run.cache_key is None or run.register.fields:
        return None
    return CacheAt(engagement.state / "cache", run.cache_key)


def gather(engagement: Engagement, run: Run, one: Callable[..., Gathered] = gather_source) -> Collected:
    """Gather every source; one that cannot be reached is noted and never looks like compliance."""
    if run.lock is not None:
        run.lock.claim()
    found: list[Gathered] = []
    failed: set[str] = set()
    unreached: list[str] = []
    for number, source in enumerate(engagement.sources):
        try:
            found.append(one(engagement, run, source, number))
        except SourceError as error:
            failed |= source.gives
            unreached.append(f"{source.kind}: {error}")
    tables: dict[str, tuple[Path, ...]] = {}
    for part in found:
        for name, paths in part.tables.items():
            tables[name] = (*tables.get(name, ()), *paths)
    cards = tuple(card for part in found for card in part.cards)
    problems = (*unreached, *(text for part in found for text in part.problems))
    return Collected(Gathered(tables, cards, problems), frozenset(failed), tuple(unreached))


def check(engagement: Engagement, run: Run, collected: Collected) -> Judgement:
    """Judge every clause of the contract over the gathered tables."""
    gathered = collected.gathered
    spill = run.work / "spill"
    evidence = Evidence(frozenset(gathered.tables), gathered.cards, collected.failed)
    return judge_versions(
        engagement.versions,
        run.period,
        run.as_of,
        evidence,
        lambda: open_engine(engagement.file.engine, gathered.tables, spill),
        lambda name: run.tell(f"check {name}"),
    )


def conclude(engagement: Engagement, run: Run, judgement: Judgement) -> AuditResult:
    """Return the findings as the published result."""
    return AuditResult(
        contract=engagement.versions[-1].loaded.reference,
        period=run.period,
        as_of=run.as_of,
        status=roll_up(f.status for f in judgement.findings),
        findings=waive(judgement.findings, engagement.waivers, run.as_of, engagement.file.waivers),
    )


def seal(
    engagement: Engagement,
    run: Run,
    collected: Collected,
    judgement: Judgement,
    result: AuditResult,
    sealer: Sealer,
    announced: Announced | None = None,
) -> Sealed:
    """Write the reports, assemble and keep the payload, and seal it in the work folder; nothing is published yet."""
    from flows.finishing import seal_kept  # noqa: PLC0415 - keeps the verifier out of the verbs that do not seal

    run.tell("seal")
    _make(run.work)
    needed = {
        need.family for v in engagement.versions for c in v.loaded.contract.commitments.values() for need in c.needs
    }
    tables = {
        name: merge_family(name, paths, run.work / "sealed")
        for name, paths in collected.gathered.tables.items()
        if name in needed
    }
    listed, lines = disclose(tables, run.register)
    payload = assemble(engagement, run, collected, judgement, result, tables, sealer, listed)
    run.tell("minimise")
    minimisation.check(beside(payload.members, lines), frozenset(engagement.file.personal.keep))
    run.held.claim()
    members = run.held.keep(_record(engagement, run, result, sealer, announced), payload.members, lines)
    return Sealed(seal_kept(run.held, sealer, run.now, members), payload.missing)


def _record(
    engagement: Engagement, run: Run, result: AuditResult, sealer: Sealer, announced: Announced | None
) -> Record:
    start = announced.start if announced else None
    return Record(
        run=run.id,
        bundle=engagement.bundle_name(run.period, run.id),
        contract=result.contract,
        period=run.period,
        as_of=run.as_of,
        status=result.status,
        findings_sha256=sha256_hex(canonical_bytes(result.as_json())),
        tool=engagement.tool,
        keys=sealer.identity,
        start=KeptStart(leaf=start.leaf.decode(), proof=start.proof.decode()) if start else None,
    )


def _make(work: Path) -> None:
    """Make the work folder where no source wrote a table into it."""
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise OutputFailed(f"cannot make the work folder {work.name}: {cause.strerror or cause}") from cause


def publish(engagement: Engagement, run: Run) -> str:
    """Put the sealed bundle where the audit file says, whole or not at all, and never over another one."""
    from flows.finishing import publish_kept  # noqa: PLC0415 - keeps the verifier out of the verbs that do not seal

    run.tell("publish")
    return publish_kept(run.held, engagement.store, run.now)


def clear(run: Run) -> None:
    """Remove the run's working files and end its claim to them; what was gathered stays in the locker.

    The files of a run that was interrupted while it was sealed stay as well: `audit --resume` finishes it.
    """
    try:
        if not run.held.is_kept:
            shutil.rmtree(run.work)
    except FileNotFoundError:
        return
    except OSError as cause:
        raise OutputFailed(f"cannot remove the work folder {run.work.name}: {cause.strerror or cause}") from cause
    finally:
        run.held.release()
        if run.lock is not None:
            run.lock.release()


def unreadable(cards: tuple[ExtractionCard, ...]) -> tuple[str, ...]:
    """Return what was wrong with artefacts, for a person at a terminal."""
    return tuple(problem for card in cards for problem in card.problems)


def told(collected: Collected, judgement: Judgement) -> tuple[str, ...]:
    """Return everything that went wrong without ending the audit, for a person at a terminal."""
    return (*collected.gathered.problems, *unreadable(collected.gathered.cards), *judgement.problems)


def run_audit(engagement: Engagement, run: Run, sealer: Sealer) -> Audited:
    """Run a whole audit in this process; the result is the same as the flow's."""
    try:
        announced = announce(engagement, run, sealer)
        collected = gather(engagement, run)
        judgement = check(engagement, run, collected)
        result = conclude(engagement, run, judgement)
        sealed = seal(engagement, run, collected, judgement, result, sealer, announced)
        bundle = publish(engagement, run)
    finally:
        clear(run)
    return Audited(result, bundle, told(collected, judgement), sealed.failure, collected.unreached)
