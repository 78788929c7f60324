"""A ledger: leaves that are written once, checkpoints over them, and proofs for whoever holds a leaf.

It lies on a shelf that takes each name once. What was written is never changed, so that a run which dies between two
steps leaves whole leaves, and runs at the same time only ever wait for one another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence import checkpoint, ledger_entry, merkle, note
from evidence.checkpoint import Checkpoint, Proof
from evidence.errors import NotLogged, OutputFailed
from evidence.ledger_entry import History
from evidence.note import Note, NoteKey, NoteSigner

MAX_LEAVES = 200_000
MAX_ATTEMPTS = 200  # an attempt fails only because somebody else's succeeded

_LEAF = re.compile(r"leaves/([0-9]{9})\.json", re.ASCII)
_CHECKPOINT = re.compile(r"checkpoints/([0-9]{9})", re.ASCII)


class Shelf(Protocol):
    """Where a ledger lies: a folder, a bucket. Names are like `leaves/000000000.json`."""

    def names(self) -> Sequence[str]:
        """Return the names of everything there is, in any order."""

    def read(self, name: str) -> bytes | None:
        """Return the content, or None when there is none."""

    def create(self, name: str, data: bytes) -> bool:
        """Write whole, durably and only if the name is free; return whether it was."""


class Cosigner(Protocol):
    """A witness, near or far."""

    @property
    def key(self) -> NoteKey:
        """Return the key its cosignatures verify with."""

    def submit(self, old: int, proof: Sequence[bytes], signed: bytes) -> str | int:
        """Return signature lines, or the size the witness saw last when it is not `old`; NotLogged when it refuses."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A leaf that was written, and where."""

    index: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Proven:
    """A leaf with the proof that travels with it, and the checkpoint that it is proved against."""

    leaf: bytes
    proof: bytes
    checkpoint: Checkpoint


class Ledger:
    """One log and its key; `witness` cosigns every checkpoint before it is used."""

    def __init__(
        self, shelf: Shelf, signer: NoteSigner, witness: Cosigner | None = None, *, most: int = MAX_LEAVES
    ) -> None:
        self._shelf, self._signer, self._witness, self._most = shelf, signer, witness, most

    @property
    def key(self) -> NoteKey:
        """Return the key that checkpoints verify with."""
        return self._signer.key

    @property
    def witness_key(self) -> NoteKey | None:
        """Return the key of the witness, when there is one."""
        return self._witness.key if self._witness else None

    @property
    def shelf(self) -> Shelf:
        """Return where it lies."""
        return self._shelf

    def leaves(self) -> list[bytes]:
        """Return all leaves in order; NotLogged when one is missing."""
        return read_leaves(self._shelf)

    def history(self) -> History:
        """Return what the ledger says; NotLogged when its leaves contradict one another."""
        return History.of(read_leaves(self._shelf))

    def append(self, make: Callable[[History], bytes], *, once: bool = False) -> Appended:
        """Write the leaf that `make` derives from what is there; it is called again when somebody was faster.

        `once` is for a run that goes on after a crash, or was not told that its write succeeded: a leaf that is there
        already is returned. Otherwise NotLogged refuses it, like any that does not follow.
        """
        for _ in range(MAX_ATTEMPTS):
            history = self.history()
            index = history.size
            leaf = make(history)
            if once and (known := history.index_of(leaf)) is not None:
                return Appended(known, leaf)
            if index >= self._most:
                raise OutputFailed(f"the ledger has its {self._most} leaves; begin another with a key of its own")
            history.add(leaf)
            if self._shelf.create(leaf_name(index), leaf):
                return Appended(index, leaf)
        raise OutputFailed("the ledger is written to by too many at once; run again")

    def prove(self, appended: Appended, since: Checkpoint | None = None) -> Proven:
        """Return the proof of a leaf in a signed checkpoint of now; with `since`, that this checkpoint extends it."""
        hashes, signed = self._checkpoint()
        found = checkpoint.check(signed, self.key, self.witness_key).checkpoint
        if (found.size, found.root) != (len(hashes), merkle.root(hashes)):
            raise NotLogged("LEDGER_CONSISTENCY", f"{checkpoint_name(found.size)} was signed over other leaves")
        extra = b"".join(merkle.consistency_proof(hashes, since.size)) if since else b""
        path = merkle.inclusion_proof(hashes, appended.index)
        return Proven(appended.leaf, Proof(appended.index, path, signed, extra).encode(), found)

    def _checkpoint(self) -> tuple[list[bytes], bytes]:
        for _ in range(MAX_ATTEMPTS):
            signed_before = sizes(self._shelf)
            hashes = [merkle.leaf_hash(leaf) for leaf in read_leaves(self._shelf)]
            _refuse_shrunken(len(hashes), max(signed_before, default=0))
            name = checkpoint_name(len(hashes))
            if known := self._shelf.read(name):
                return hashes, known
            state = Checkpoint(self._signer.name, len(hashes), merkle.root(hashes))
            signed = self._cosigned(state.signed(self._signer), hashes, signed_before)
            if signed is not None and self._shelf.create(name, signed):
                return hashes, signed
        raise OutputFailed("the ledger is written to by too many at once; run again")

    def _cosigned(self, signed: bytes, hashes: Sequence[bytes], before: Sequence[int]) -> bytes | None:
        """Return the checkpoint with the witness's signature; None when the witness has seen a newer one meanwhile."""
        if self._witness is None:
            return signed
        old = max((size for size in before if size < len(hashes)), default=0)
        for _ in range(MAX_ATTEMPTS):
            answer = self._witness.submit(old, merkle.consistency_proof(hashes, old), signed)
            if isinstance(answer, str):
                return _with_cosignature(signed, answer, self._witness.key)
            if answer > len(hashes):  # every leaf that the witness has seen was on the shelf before
                _refuse_shrunken(len(read_leaves(self._shelf)), answer)
                return None
            old = answer
        raise OutputFailed("the witness is asked by too many at once; run again")


def _with_cosignature(signed: bytes, answer: str, key: NoteKey) -> bytes:
    own = note.parse(signed)
    line = next((s for s in note.read_lines(answer) if s.is_by(key)), None)
    if line is None:
        raise NotLogged("WITNESS_MISSING", f"the witness did not answer with a signature by {key.name}")
    note.check_cosignature(line, key, own.text)
    return Note(own.text, (*own.signatures, line)).encode()


def _refuse_shrunken(now: int, before: int) -> None:
    if now < before:
        raise NotLogged("LEDGER_ROLLED_BACK", f"the ledger has {now} leaves; one of {before} was signed before")


def leaf_name(index: int) -> str:
    """Return the name of a leaf on the shelf."""
    return f"leaves/{index:09d}.json"


def checkpoint_name(size: int) -> str:
    """Return the name of the checkpoint over that many leaves."""
    return f"checkpoints/{size:09d}"


def sizes(shelf: Shelf) -> list[int]:
    """Return the sizes of the log that were signed, smallest first."""
    return sorted(int(match[1]) for name in shelf.names() if (match := _CHECKPOINT.fullmatch(name)))


def read_leaves(shelf: Shelf) -> list[bytes]:
    """Return all leaves in order; NotLogged when one is missing."""
    count = 1 + max((int(m[1]) for name in shelf.names() if (m := _LEAF.fullmatch(name))), default=-1)
    found: list[bytes] = []
    for index in range(count):
        leaf = shelf.read(leaf_name(index))
        if leaf is None:
            raise NotLogged("LEDGER_GAP", f"leaf {index} is missing and later ones are there")
        if len(leaf) > ledger_entry.MAX_LEAF_BYTES:
            raise NotLogged("LEDGER_ENTRY_FORM", f"leaf {index} is larger than {ledger_entry.MAX_LEAF_BYTES} bytes")
        found.append(leaf)
    return found
