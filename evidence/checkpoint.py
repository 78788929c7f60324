"""Checkpoints of a log (c2sp.org/tlog-checkpoint) and proofs that travel with a leaf (c2sp.org/tlog-proof)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evidence import merkle, note
from evidence.errors import NotLogged
from evidence.note import Note, NoteKey, NoteSigner

MAX_SIZE = 2**53  # leaves; what every reader of JSON can count
MAX_PROOF_BYTES = 32 * 1024

_HEADER = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose it is, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: NoteSigner) -> bytes:
        """Return the checkpoint as a note signed by its log."""
        return Note(self.text, (signer.sign(self.text),)).encode()


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint whose signatures were verified; `witnessed` is the witness's time in seconds since 1970."""

    checkpoint: Checkpoint
    witnessed: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """That a leaf is in a log: index, path, the signed checkpoint as it is, and bytes of the application's own."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def encode(self) -> bytes:
        """Return the file."""
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        head = f"{_HEADER}\n{extra}index {self.index}\n{encode_hashes(self.path)}\n"
        return head.encode() + self.checkpoint


def parse_text(text: str) -> Checkpoint:
    """Read the text of a checkpoint; NotLogged for any other, and for extension lines, which nobody could audit."""
    match text.split("\n"):
        case [origin, size, root, ""] if origin and _NUMBER.fullmatch(size):
            found = Checkpoint(origin, int(size), _hash(root))
            if found.size <= MAX_SIZE and found.text == text:
                return found
    raise NotLogged("LEDGER_CHECKPOINT_FORM", "the checkpoint is not origin, size and root")


def check(data: bytes, log: NoteKey, witness: NoteKey | None) -> Seen:
    """Verify a signed checkpoint with pinned keys.

    1. the first signature is the log's; 2. the log signs for itself alone; 3. a second is the witness's, when one is
    pinned; 4. there is no signature that nobody can check: anybody could have added it.
    """
    signed = note.parse(data)
    first, *others = signed.signatures
    note.check(first, log, signed.text)  # 1
    found = parse_text(signed.text)
    if found.origin != log.name:  # 2
        raise NotLogged("LEDGER_ORIGIN", f"a checkpoint of {found.origin}, signed by the key of {log.name}")
    witnessed = None
    if witness is not None:  # 3
        if not others:
            raise NotLogged("WITNESS_MISSING", f"the checkpoint of {found.size} leaves has no cosignature")
        witnessed = note.check_cosignature(others.pop(0), witness, signed.text)
    if others:  # 4
        detail = f"a signature by {note.printable_name(others[0])}, which the trust folder does not hold"
        raise NotLogged("LEDGER_UNPINNED_SIGNATURE", detail)
    return Seen(found, witnessed)


def parse_proof(data: bytes) -> Proof:
    """Read a `.tlog-proof` file; NotLogged unless it is exactly what `Proof.encode` writes. Nothing is verified."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        header, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as cause:
        raise _malformed() from cause
    extra = _bytes(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else b""
    if not blank or header != _HEADER or not lines or len(data) > MAX_PROOF_BYTES:
        raise _malformed()
    index = lines.pop(0).removeprefix("index ")
    if not _NUMBER.fullmatch(index) or len(lines) > merkle.MAX_PROOF:
        raise _malformed()
    proof = Proof(int(index), tuple(_hash(line) for line in lines), checkpoint, extra)
    if proof.encode() != data:
        raise _malformed()
    return proof


def check_leaf(leaf: bytes, proof: Proof, log: NoteKey, witness: NoteKey | None) -> Seen:
    """Verify that a leaf is in a log of the pinned key; return the checkpoint it is proved against."""
    seen = check(proof.checkpoint, log, witness)
    merkle.check_inclusion(leaf, proof.index, seen.checkpoint.size, proof.path, seen.checkpoint.root)
    return seen


def encode_hashes(hashes: Sequence[bytes]) -> str:
    """Return hashes as lines of base64, as proofs carry them."""
    return "".join(f"{base64.b64encode(value).decode()}\n" for value in hashes)


def split_hashes(data: bytes) -> tuple[bytes, ...]:
    """Return the hashes of a consistency proof that `Proof.extra` carries one after the other."""
    if len(data) % merkle.HASH_BYTES or len(data) > merkle.MAX_PROOF * merkle.HASH_BYTES:
        raise _malformed()
    return tuple(data[i : i + merkle.HASH_BYTES] for i in range(0, len(data), merkle.HASH_BYTES))


def _hash(text: str) -> bytes:
    data = _bytes(text)
    if len(data) != merkle.HASH_BYTES:
        raise _malformed()
    return data


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise _malformed() from cause


def _malformed() -> NotLogged:
    return NotLogged("LEDGER_PROOF_FORM", "is not a tlog-proof in the one form it may have")
