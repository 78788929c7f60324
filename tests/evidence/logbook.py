"""A ledger in memory with fixed keys, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.ledger import Ledger
from evidence.ledger_entry import History, RunCompleted, RunStarted, encode
from evidence.model import Status
from evidence.note import KeyType, NoteSigner
from evidence.witness import Submission, Witness
from tests.evidence import sealed

LOG = NoteSigner("log.example/audits", KeyType.LOG, Ed25519PrivateKey.from_private_bytes(b"L" * 32))
STRANGER = NoteSigner("log.example/audits", KeyType.LOG, Ed25519PrivateKey.from_private_bytes(b"S" * 32))
WITNESS = NoteSigner("witness.example/w1", KeyType.WITNESS, Ed25519PrivateKey.from_private_bytes(b"W" * 32))
NOW = datetime(2025, 7, 2, 0, 0, 30, tzinfo=UTC)  # between the start of the run and the first stamp


class Shelf:
    """A dictionary; every name once."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})

    def names(self) -> list[str]:
        return list(self.files)

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def create(self, name: str, data: bytes) -> bool:
        return self.files.setdefault(name, data) is data


class Memory:
    """What a witness remembers, for as long as the test lasts."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    @contextmanager
    def held(self, origin: str) -> Iterator[None]:
        yield

    def recall(self, origin: str) -> bytes | None:
        return self.kept.get(origin)

    def remember(self, origin: str, signed: bytes) -> None:
        self.kept[origin] = signed


def witness(memory: Memory | None = None) -> Witness:
    return Witness(WITNESS, {LOG.name: LOG.key}, memory or Memory(), lambda: NOW)


def cosigner(of: Witness | None = None) -> Submission:
    return Submission(WITNESS.key, (of or witness()).add_checkpoint)


def ledger(shelf: Shelf | None = None, *, witnessed: bool = True, signer: NoteSigner = LOG) -> Ledger:
    return Ledger(shelf or Shelf(), signer, cosigner() if witnessed else None)


def start(run: str, contract: str = "c-1", sequence: int = 1) -> bytes:
    return encode(
        RunStarted(contract=contract, sequence=sequence, run=run, period=sealed.PERIOD, started_at=sealed.AS_OF)
    )


def completion(history: History, run: str, contract: str = "c-1", **changes: object) -> bytes:
    known = history.contract(contract)
    begun = known.open[run]
    fields: dict[str, object] = {
        "contract": contract,
        "sequence": begun.entry.sequence,
        "run": run,
        "start": begun.sha256,
        "statement": f"{history.size:064x}",
        "status": Status.MET,
        "previous": known.previous,
    }
    return encode(RunCompleted.model_validate(fields | changes))


def next_start(run: str, contract: str = "c-1"):
    return lambda history: start(run, contract, history.contract(contract).runs + 1)
