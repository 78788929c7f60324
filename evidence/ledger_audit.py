"""What somebody who holds a whole ledger can find out: whether it is one history, and what in it is unfinished."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence import checkpoint, ledger, merkle
from evidence.checkpoint import Checkpoint, Seen
from evidence.errors import NotLogged
from evidence.ledger import Shelf
from evidence.ledger_entry import History, RunCompleted, Started
from evidence.note import NoteKey


@dataclass(frozen=True, slots=True)
class Examined:
    """A ledger that is one history; `newest` is its last checkpoint, None when nothing was signed yet."""

    history: History
    hashes: tuple[bytes, ...]
    newest: Seen | None

    @property
    def uncovered(self) -> int:
        """Return how many leaves no checkpoint covers: a run ended between writing and signing."""
        return self.history.size - (self.newest.checkpoint.size if self.newest else 0)

    @property
    def open(self) -> tuple[Started, ...]:
        """Return the starts without a completion, oldest first: under way, broken off, or withheld."""
        starts = [start for contract in self.history.contracts.values() for start in contract.open.values()]
        return tuple(sorted(starts, key=lambda start: start.index))

    def unpublished(self, statements: Iterable[str]) -> tuple[RunCompleted, ...]:
        """Return the completed runs whose statement is not among those given."""
        held = set(statements)
        return tuple(c for known in self.history.contracts.values() for c in known.completed if c.statement not in held)

    def check_contains(self, seen: Checkpoint) -> None:
        """Compare a checkpoint obtained elsewhere with this ledger; NotLogged unless the ledger extends it."""
        if seen.size > len(self.hashes):
            detail = f"the ledger has {len(self.hashes)} leaves; a checkpoint of {seen.size} was seen"
            raise NotLogged("LEDGER_ROLLED_BACK", detail)
        if merkle.root(self.hashes[: seen.size]) != seen.root:
            raise NotLogged("LEDGER_FORKED", f"another log of {seen.size} leaves was signed with the same key")


def examine(shelf: Shelf, log: NoteKey, witness: NoteKey | None) -> Examined:
    """Read a whole ledger; NotLogged with the first thing that is wrong.

    1. no leaf is missing between others; 2. the leaves are one history, without a gap in any contract's numbers;
    3. every checkpoint is signed by the pinned keys; 4. each is over the first leaves of this log, so that any two of
    them are consistent.
    """
    leaves = ledger.read_leaves(shelf)  # 1
    history = History.of(leaves)  # 2
    hashes = tuple(merkle.leaf_hash(leaf) for leaf in leaves)
    roots, newest = [merkle.root(()), *merkle.roots(hashes)], None
    for size in ledger.sizes(shelf):
        name = ledger.checkpoint_name(size)
        newest = checkpoint.check(shelf.read(name) or b"", log, witness)  # 3
        found = newest.checkpoint
        if found.size != size:
            raise NotLogged("LEDGER_CHECKPOINT_FORM", f"{name} is a checkpoint of {found.size} leaves")
        if size > len(leaves):
            raise NotLogged("LEDGER_ROLLED_BACK", f"the ledger has {len(leaves)} leaves; one of {size} was signed")
        if found.root != roots[size]:  # 4
            raise NotLogged("LEDGER_FORKED", f"{name} was signed over other leaves than those here")
    return Examined(history, hashes, newest)
