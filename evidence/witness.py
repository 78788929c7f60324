"""A witness of logs (c2sp.org/tlog-witness): it cosigns a checkpoint only when it extends the last one it cosigned.

Requests and answers are the bytes of the protocol's `add-checkpoint`; how they travel is somebody else's matter.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence import checkpoint, merkle, note
from evidence.checkpoint import Checkpoint
from evidence.errors import NotLogged, OutputFailed
from evidence.note import Note, NoteKey, NoteSigner

MAX_REQUEST_BYTES = 32 * 1024
SIZE_TYPE = "text/x.tlog.size"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers: an HTTP status and a body."""

    status: int
    body: str


class Memory(Protocol):
    """What a witness remembers: of each log the checkpoint it cosigned last."""

    def held(self, origin: str) -> AbstractContextManager[None]:
        """Let nobody else read or write what is remembered of a log for as long as the block lasts."""

    def recall(self, origin: str) -> bytes | None:
        """Return the checkpoint cosigned last, if any."""

    def remember(self, origin: str, signed: bytes) -> None:
        """Keep a checkpoint, durably, instead of the one before."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Knows the keys of some logs, by origin, and has one of its own."""

    signer: NoteSigner
    logs: Mapping[str, NoteKey]
    memory: Memory
    now: Callable[[], datetime]

    def add_checkpoint(self, request: bytes) -> Answer:
        """Answer a request.

        1. it is well formed (400); 2. the log is known (404) and signed it (403); 3. the old size is what is remembered
        (409); 4. the new log begins with the old one (422, or 409 for two logs of one size); 5. it is remembered, and
        only then cosigned.
        """
        try:
            old, proof, signed = parse_request(request)  # 1
            found = checkpoint.parse_text(signed.text)
        except NotLogged as cause:
            return Answer(400, f"{cause.detail}\n")
        if (key := self.logs.get(found.origin)) is None:  # 2
            return Answer(404, "this witness does not know the log\n")
        try:
            own = next(iter(signed.by(key)), signed.signatures[0])
            note.check(own, key, signed.text)
        except NotLogged as cause:
            return Answer(403, f"{cause.detail}\n")
        with self.memory.held(found.origin):
            return self._follow(old, proof, found, Note(signed.text, (own,)))

    def _follow(self, old: int, proof: Sequence[bytes], found: Checkpoint, signed: Note) -> Answer:
        last = self._last(found.origin)
        if old > found.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        if old != last.size:  # 3
            return Answer(409, f"{last.size}\n")
        try:
            merkle.check_consistency(last.size, last.root, found.size, found.root, proof)  # 4
        except NotLogged as cause:
            return Answer(409, f"{last.size}\n") if old == found.size else Answer(422, f"{cause.detail}\n")
        self.memory.remember(found.origin, signed.encode())  # 5
        return Answer(200, self.signer.cosign(signed.text, int(self.now().timestamp())).line())

    def _last(self, origin: str) -> Checkpoint:
        kept = self.memory.recall(origin)
        return Checkpoint(origin, 0, merkle.root(())) if kept is None else checkpoint.parse_text(note.parse(kept).text)


@dataclass(frozen=True, slots=True)
class Submission:
    """A witness as a ledger sees it: its key, and how requests reach it."""

    key: NoteKey
    send: Callable[[bytes], Answer]

    def submit(self, old: int, proof: Sequence[bytes], signed: bytes) -> str | int:
        """Return signature lines, or the size the witness saw last; NotLogged when it refuses the log's history."""
        answer = self.send(encode_request(old, proof, signed))
        if answer.status == 200:
            return answer.body
        if answer.status == 409 and answer.body.strip().isdecimal() and int(answer.body) != old:
            return int(answer.body)
        detail = f"the witness {self.key.name} refused with {answer.status}: {answer.body.strip()[:200]}"
        if answer.status in {409, 422}:
            raise NotLogged("WITNESS_REFUSED", f"{detail}; the ledger is not what it was when the witness last saw it")
        raise OutputFailed(detail)


def encode_request(old: int, proof: Sequence[bytes], signed: bytes) -> bytes:
    """Return the body of an `add-checkpoint` request."""
    return f"old {old}\n{checkpoint.encode_hashes(proof)}\n".encode() + signed


def parse_request(data: bytes) -> tuple[int, tuple[bytes, ...], Note]:
    """Read the body of an `add-checkpoint` request; NotLogged when it is malformed."""
    head, blank, signed = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (UnicodeDecodeError, binascii.Error) as cause:
        raise _malformed() from cause
    match = _OLD.fullmatch(first)
    sound = all(len(value) == merkle.HASH_BYTES for value in proof) and len(proof) <= merkle.MAX_PROOF
    if not blank or match is None or not sound or len(data) > MAX_REQUEST_BYTES:
        raise _malformed()
    return int(match[1]), proof, note.parse(signed)


def _malformed() -> NotLogged:
    return NotLogged("WITNESS_REQUEST", "the request is not an old size, a proof and a checkpoint")
