"""What an audit would fetch, and which clause gets what from it; nothing is sent and no source is opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks.commitment import Commitment
from checks.unchecked import UncheckedCommitment
from evidence.model import Assurance
from flows.engagement import Engagement
from flows.ledger_file import BucketLedger
from flows.sealing_file import LocalKeys
from infra.examination import Fetch
from infra.store import FolderStore


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """A source by its number in the audit file, from 1, and what is fetched from it."""

    number: int
    kind: str
    assurance: Assurance
    fetches: tuple[Fetch, ...]

    @property
    def families(self) -> frozenset[str]:
        """Return the record families that it would bring."""
        return frozenset(family for fetch in self.fetches for family in fetch.families)

    @property
    def name(self) -> str:
        """Return how a plan calls it."""
        return f"{self.number} {self.kind}"


@dataclass(frozen=True, slots=True)
class Supply:
    """One family that a clause reads, and the sources that would bring it."""

    family: str
    required: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedClause:
    """One clause: what it reads and from where, and what it lacks to be met."""

    commitment: str
    kind: str
    clause: str
    checked: bool
    evidence: tuple[Supply, ...]
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Sources, clauses, and whom an audit asks for seals, stamps, the ledger and storage."""

    sources: tuple[PlannedSource, ...]
    clauses: tuple[PlannedClause, ...]
    afterwards: tuple[str, ...]


def plan(engagement: Engagement) -> Plan:
    """Return the plan of an engagement."""
    sources = tuple(
        PlannedSource(number, source.kind, source.assurance, tuple(source.fetches(engagement.folder)))
        for number, source in enumerate(engagement.sources, start=1)
    )
    listed = engagement.contract.commitments.items()
    clauses = tuple(_clause(name, commitment, sources) for name, commitment in listed)
    return Plan(sources, clauses, tuple(_afterwards(engagement)))


def _clause(name: str, commitment: Commitment, sources: tuple[PlannedSource, ...]) -> PlannedClause:
    supplies = tuple(
        Supply(need.family, need.required, tuple(s.name for s in sources if need.family in s.families))
        for need in commitment.needs
    )
    checked = not isinstance(commitment, UncheckedCommitment)
    lacks = tuple(_lacks(commitment, supplies, sources)) if checked else ("a check: none exists for this kind",)
    return PlannedClause(name, commitment.kind, commitment.clause, checked, supplies, lacks)


def _lacks(commitment: Commitment, supplies: tuple[Supply, ...], sources: tuple[PlannedSource, ...]) -> Iterator[str]:
    wanted = commitment.minimum_assurance
    for supply in supplies:
        if not supply.required:
            continue
        worth = [source.assurance for source in sources if source.name in supply.sources]
        if not worth:
            yield f"{supply.family}: no source brings it"
        elif wanted is not None and max(worth, key=lambda one: one.rank).rank < wanted.rank:
            yield f"{supply.family}: no source of it is worth {wanted.value}, which the clause demands"


def _afterwards(engagement: Engagement) -> Iterator[str]:
    file = engagement.file
    if isinstance(file.signer, LocalKeys):
        yield f"sign with the keys in {file.signer.keys}"
    else:
        named = (file.signer.dsse_p256, file.signer.dsse_ml_dsa_65, file.signer.cades)
        yield from (f"sign with {uri.partition('?')[0]}" for uri in named if uri is not None)
    yield from (f"stamp at {authority.url}" for authority in file.timestamp)
    ledger = file.ledger
    if isinstance(ledger, BucketLedger):
        yield f"log in s3://{ledger.bucket}/{ledger.prefix}"
    elif ledger is not None:
        yield f"log in folder {ledger.path}"
    if ledger is not None and ledger.witness is not None:
        yield f"have the ledger witnessed at {ledger.witness.url}"
    store = file.store
    kept = f"folder {store.path}" if isinstance(store, FolderStore) else f"s3://{store.bucket}/{store.prefix}"
    yield f"store in {kept}"
