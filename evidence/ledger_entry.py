"""What a ledger says of audits: the two leaves of a run, and the history that all leaves make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StrictInt, ValidationError

from evidence.canonical import canonical_bytes, sha256_hex, strict_json
from evidence.errors import NotLogged, ProbityError
from evidence.model import Closed, Instant, Period, Status
from evidence.statement import Sha256, Token

MAX_LEAF_BYTES = 4096
STARTED: Literal["probity.run-started/v1"] = "probity.run-started/v1"
COMPLETED: Literal["probity.run-completed/v1"] = "probity.run-completed/v1"

ContractId = Annotated[str, Field(min_length=1, max_length=200)]
Sequential = Annotated[StrictInt, Field(ge=1, le=2**53)]


class RunStarted(Closed):
    """Written before any evidence is gathered; `sequence` counts the runs of the contract in this ledger from 1."""

    schema_: Literal["probity.run-started/v1"] = Field(default=STARTED, alias="schema")
    contract: ContractId
    sequence: Sequential
    run: Token
    period: Period
    started_at: Instant


class RunCompleted(Closed):
    """Written when the seals exist. It commits to the statement, the payload of the DSSE, and never to a signature.

    `start` is the SHA-256 of the run's first leaf, `previous` the statement completed before of the same contract.
    """

    schema_: Literal["probity.run-completed/v1"] = Field(default=COMPLETED, alias="schema")
    contract: ContractId
    sequence: Sequential
    run: Token
    start: Sha256
    statement: Sha256
    status: Status
    previous: Sha256 | None


Entry: TypeAlias = RunStarted | RunCompleted


def encode(entry: Entry) -> bytes:
    """Return the leaf: the canonical JSON of an entry (RFC 8785)."""
    return canonical_bytes(entry.as_json())


def parse(leaf: bytes) -> Entry:
    """Read a leaf; NotLogged unless it is exactly what `encode` writes."""
    if len(leaf) > MAX_LEAF_BYTES:
        raise _malformed(f"is larger than {MAX_LEAF_BYTES} bytes")
    value = strict_json(leaf, what="leaf", error=_malformed)
    kind = value.get("schema") if isinstance(value, dict) else None
    model: type[RunStarted] | type[RunCompleted] = RunStarted if kind == STARTED else RunCompleted
    try:
        entry = model.model_validate(value)
        same = encode(entry) == leaf
    except (ValidationError, ProbityError) as cause:
        raise _malformed("is neither the start nor the completion of a run") from cause
    if not same:
        raise _malformed("is not in canonical form (RFC 8785)")
    return entry


@dataclass(frozen=True, slots=True)
class Started:
    """A start in the log: its entry, where it lies, and the SHA-256 of its bytes."""

    entry: RunStarted
    index: int
    sha256: str


@dataclass(slots=True)
class Contract:
    """What became of one contract's runs."""

    runs: int = 0
    open: dict[str, Started] = field(default_factory=dict)
    completed: list[RunCompleted] = field(default_factory=list)

    @property
    def previous(self) -> str | None:
        """Return the statement completed last."""
        return self.completed[-1].statement if self.completed else None


class History:
    """All entries of a ledger in order; one that contradicts those before it is never taken in."""

    def __init__(self) -> None:
        self.contracts: dict[str, Contract] = {}
        self.size = 0
        self._runs: set[str] = set()
        self._indices: dict[str, int] = {}

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> History:
        """Return the history of a whole log; NotLogged names the first leaf that does not follow."""
        history = cls()
        for leaf in leaves:
            history.add(leaf)
        return history

    def contract(self, name: str) -> Contract:
        """Return what is known of a contract, which may be nothing yet."""
        return self.contracts.get(name, Contract())

    def index_of(self, leaf: bytes) -> int | None:
        """Return where a leaf lies; None when it is not there."""
        return self._indices.get(sha256_hex(leaf))

    def add(self, leaf: bytes) -> None:
        """Take in the next leaf.

        1. a start has the next number of its contract, and a run that is new; 2. a completion belongs to an open start
        by run, number and digest; 3. it follows the statement completed before it, and no statement comes twice.
        """
        entry, where, digest = parse(leaf), f"leaf {self.size}", sha256_hex(leaf)
        known = self.contracts.setdefault(entry.contract, Contract())
        if isinstance(entry, RunStarted):
            if entry.sequence != known.runs + 1 or entry.run in self._runs:  # 1
                raise NotLogged("LEDGER_SEQUENCE", f"{where}: run {entry.run} is not number {known.runs + 1}")
            known.runs += 1
            known.open[entry.run] = Started(entry, self.size, digest)
            self._runs.add(entry.run)
        else:
            self._complete(known, entry, where)
        self._indices[digest] = self.size
        self.size += 1

    def _complete(self, known: Contract, entry: RunCompleted, where: str) -> None:
        start = known.open.pop(entry.run, None)
        if start is None or (start.entry.sequence, start.sha256) != (entry.sequence, entry.start):  # 2
            raise NotLogged("LEDGER_SEQUENCE", f"{where}: run {entry.run} completes no open start")
        if entry.previous != known.previous or any(entry.statement == c.statement for c in known.completed):  # 3
            raise NotLogged("LEDGER_PREVIOUS", f"{where}: run {entry.run} does not follow the statement before it")
        known.completed.append(entry)


def _malformed(what: str) -> NotLogged:
    return NotLogged("LEDGER_ENTRY_FORM", f"a leaf {what}" if not what.startswith("leaf") else what)
