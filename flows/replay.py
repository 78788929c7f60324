"""Judge a sealed audit again from its bundle alone, with the lists and editions that were sealed, not today's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from checks.catalogues import Catalogues, read_catalogues
from checks.contract import LoadedContract, parse_contract
from checks.judge import Evidence, Judgement
from checks.versions import Version, in_order, judge_versions
from checks.waivers import AcceptedException, waive
from evidence.errors import OutputFailed, ProbityError, VerificationError
from evidence.manifest import CARDS, CONTRACT
from evidence.model import AuditResult, roll_up
from flows import sealed
from flows.engines import Choice, open_engine
from flows.sealed import SealedAudit

TABLES = re.compile(r"data/evidence/([a-z0-9_]+)\.parquet")
EDITIONS = re.compile(r"data/contract/contract-v([0-9]{1,9})\.yaml")
NEEDED = (
    CONTRACT,
    sealed.COMMITMENTS,
    sealed.WAIVERS,
    CARDS,
    sealed.METHOD,
    sealed.REGIONS,
    sealed.FEATURES,
    sealed.EXPECTATIONS,
)
_WAIVERS = TypeAdapter(tuple[AcceptedException, ...])


class NotReplayable(VerificationError):
    """A bundle does not carry what judging needs, so nothing shows that its verdicts follow from its evidence."""

    def __init__(self, detail: str) -> None:
        """Keep what is missing or unreadable."""
        super().__init__("REPLAY_IMPOSSIBLE", detail)


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything that judging needs beside the tables."""

    editions: tuple[Version, ...]
    waivers: tuple[AcceptedException, ...]
    catalogues: Catalogues
    failed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out this time."""

    result: AuditResult
    judgement: Judgement
    basis: Basis


def replay(audit: SealedAudit, work: Path, engine: Choice, tell: Callable[[str], None] = lambda _: None) -> Replayed:
    """Return the audit judged again: same editions, waivers, cards, tables, lists, period and instant of judgement.

    `work` is an empty folder of the caller's for the tables and for what the engine spills. NotReplayable names
    everything that the bundle lacks or that this version cannot read; OutputFailed when `work` cannot hold the tables.
    """
    basis = read_basis(audit)
    tables = extract(audit, work / "tables")
    evidence = Evidence(frozenset(tables), audit.cards, basis.failed, basis.catalogues)
    result = audit.result
    with _impossible("the evidence cannot be judged"):
        judgement = judge_versions(
            basis.editions,
            result.period,
            result.as_of,
            evidence,
            lambda: open_engine(engine, {name: (path,) for name, path in tables.items()}, work / "spill"),
            lambda name: tell(f"check {name}"),
        )
        findings = waive(judgement.findings, basis.waivers, result.as_of, sealed.WAIVERS)
    again = AuditResult(
        contract=basis.editions[-1].loaded.reference,
        period=result.period,
        as_of=result.as_of,
        status=roll_up(f.status for f in findings),
        findings=findings,
    )
    return Replayed(again, judgement, basis)


def read_basis(audit: SealedAudit) -> Basis:
    """Return what judging needs beside the tables; NotReplayable names every part that the bundle does not carry."""
    missing = [name for name in NEEDED if not audit.has(name)]
    if missing:
        raise NotReplayable(f"this bundle does not carry {', '.join(missing)}")
    with _impossible("what was sealed for judging cannot be read"):
        catalogues = read_catalogues(audit.text(sealed.REGIONS), audit.text(sealed.FEATURES))
        editions = in_order(audit.contract(), _earlier(audit), CONTRACT)
        return Basis(editions, _waivers(audit), catalogues, _failed(audit))


def _earlier(audit: SealedAudit) -> list[LoadedContract]:
    found = {int(m[1]): m[0] for m in map(EDITIONS.fullmatch, audit.content.names()) if m}
    return [parse_contract(audit.text(found[version]), found[version]) for version in sorted(found)]


def _waivers(audit: SealedAudit) -> tuple[AcceptedException, ...]:
    try:
        return _WAIVERS.validate_json(audit.text(sealed.WAIVERS), strict=True)
    except ValidationError as cause:
        raise NotReplayable(f"{sealed.WAIVERS}: {cause.error_count()} fields are wrong") from cause


def _failed(audit: SealedAudit) -> frozenset[str]:
    """Return the families whose source could not be asked; where a bundle does not say, none only if all went well."""
    method = audit.method()
    if method.failed is None and method.problems:
        raise NotReplayable("this bundle does not carry the families whose sources failed, and some source did")
    return frozenset(method.failed or ())


def extract(audit: SealedAudit, into: Path) -> dict[str, Path]:
    """Write the tables of the bundle below `into` and return them by family; each is compared with its digest."""
    members = {m[1]: m[0] for m in map(TABLES.fullmatch, audit.content.names()) if m}
    size = sum(audit.content.size(member) for member in members.values())
    try:
        into.mkdir(parents=True)
        if shutil.disk_usage(into).free < size:
            raise OutputFailed(f"the tables need {size} bytes and {into.parent} has less; name another with TMPDIR")
        return {name: _written(audit, member, into / f"{name}.parquet") for name, member in members.items()}
    except OSError as cause:
        raise OutputFailed(f"cannot take the tables out of the bundle: {cause.strerror or cause}") from cause


def _written(audit: SealedAudit, member: str, path: Path) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(audit.content.chunks(member))
    return path


@contextmanager
def _impossible(what: str) -> Iterator[None]:
    """Turn whatever stops a replay into one answer: nothing was shown, which is never a verdict about the vendor."""
    try:
        yield
    except (VerificationError, OutputFailed):
        raise
    except ProbityError as cause:
        raise NotReplayable(f"{what}: {cause}") from cause
