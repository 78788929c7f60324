"""C2SP signed notes and verifier keys with Ed25519 (c2sp.org/signed-note, c2sp.org/tlog-cosignature).

Two kinds of key: a log's (signature type 0x01) signs the note's text, a witness's (0x04) signs it with the time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import BadInput, NotLogged, Place, Problem

MAX_NOTE_BYTES = 16 * 1024
MAX_TIME = 253_402_300_799  # the end of the year 9999, in seconds since 1970
KEY_BYTES, SIGNATURE_BYTES, ID_BYTES, TIME_BYTES = 32, 64, 4, 8

_NAME = r"[^\s+\x00-\x1f]+"
_VKEY = re.compile(rf"({_NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/]+=*)")
_SECRET = re.compile(rf"PRIVATE\+KEY\+({_NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/]+=*)")
_LINE = re.compile(rf"— ({_NAME}) ([A-Za-z0-9+/]+=*)")


class KeyType(IntEnum):
    """The signature type that the key id commits to."""

    LOG = 1
    WITNESS = 4


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key with the name it signs under; two keys are the same when name and id are."""

    name: str
    type: KeyType
    public: bytes

    @property
    def id(self) -> bytes:
        """Return the key id: the first four bytes of SHA-256(name || LF || type || key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:ID_BYTES]

    @property
    def vkey(self) -> str:
        """Return the verifier key as text: `name+id+base64(type || key)`."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key of a log or a witness."""

    name: str
    type: KeyType
    private: Ed25519PrivateKey

    @property
    def key(self) -> NoteKey:
        """Return the public half."""
        return NoteKey(self.name, self.type, self.private.public_key().public_bytes_raw())

    def encode(self) -> str:
        """Return the key as Go's note package writes it; whoever reads this text can sign."""
        secret = bytes([self.type]) + self.private.private_bytes_raw()
        return f"PRIVATE+KEY+{self.name}+{self.key.id.hex()}+{base64.b64encode(secret).decode()}"

    def sign(self, text: str) -> Signature:
        """Sign a note's text with a log's key."""
        return Signature(self.name, self.key.id, self.private.sign(text.encode()))

    def cosign(self, text: str, time: int) -> Signature:
        """Sign a checkpoint's text with a witness's key; `time` is in seconds since 1970."""
        stamp = time.to_bytes(TIME_BYTES, "big")
        return Signature(self.name, self.key.id, stamp + self.private.sign(_cosigned(text, time)))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line; a witness's bytes begin with the time."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line as a note has it, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"

    def is_by(self, key: NoteKey) -> bool:
        """Return whether the line names this key; nothing is verified."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the signed note."""
        return (self.text + "\n" + "".join(s.line() for s in self.signatures)).encode()

    def by(self, key: NoteKey) -> tuple[Signature, ...]:
        """Return the signature lines that name a key."""
        return tuple(s for s in self.signatures if s.is_by(key))


def parse(data: bytes) -> Note:
    """Read a signed note; NotLogged unless it is exactly what `encode` writes. Nothing is verified here."""
    try:
        whole = data.decode()
    except UnicodeDecodeError as cause:
        raise _malformed("is not UTF-8") from cause
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or len(data) > MAX_NOTE_BYTES:
        raise _malformed("is not a text, an empty line and signatures")
    if any(character < " " and character != "\n" for character in whole):
        raise _malformed("has control characters")
    note = Note(text + "\n", read_lines(lines))
    if note.encode() != data:
        raise _malformed("is not in the one form it may have")
    return note


def read_lines(lines: str) -> tuple[Signature, ...]:
    """Read signature lines, each with its newline, as a witness answers with."""
    found: list[Signature] = []
    for line in lines.removesuffix("\n").split("\n"):
        match = _LINE.fullmatch(line)
        raw = _base64(match[2]) if match else None
        if match is None or raw is None or len(raw) <= ID_BYTES:
            raise _malformed("has a line that is no signature")
        found.append(Signature(match[1], raw[:ID_BYTES], raw[ID_BYTES:]))
    return tuple(found)


def check(signature: Signature, key: NoteKey, text: str) -> None:
    """Verify a log's signature over a note's text; NotLogged when another key or text was signed."""
    if key.type is not KeyType.LOG or not signature.is_by(key):
        raise NotLogged("LEDGER_WRONG_KEY", f"signed by {printable_name(signature)}, not by the pinned {key.name}")
    if not _verifies(key, signature.signature, text.encode()):
        raise NotLogged("LEDGER_BAD_SIGNATURE", f"the signature of {key.name} is not over this checkpoint")


def check_cosignature(signature: Signature, key: NoteKey, text: str) -> int:
    """Verify a witness's signature and return its time in seconds since 1970; NotLogged otherwise."""
    if key.type is not KeyType.WITNESS or not signature.is_by(key):
        raise NotLogged("WITNESS_WRONG_KEY", f"signed by {printable_name(signature)}, not by the pinned {key.name}")
    time = int.from_bytes(signature.signature[:TIME_BYTES], "big")
    if time > MAX_TIME or not _verifies(key, signature.signature[TIME_BYTES:], _cosigned(text, time)):
        raise NotLogged("WITNESS_BAD_SIGNATURE", f"the cosignature of {key.name} is not over this checkpoint")
    return time


def parse_vkey(text: str, kind: KeyType, place: str) -> NoteKey:
    """Read one verifier key, a line of its own; BadInput unless it is whole and of the kind asked for."""
    match = _VKEY.fullmatch(text.strip("\n"))
    raw = _base64(match[3]) if match else None
    if match is None or raw is None or len(raw) != 1 + KEY_BYTES:
        raise _bad_key(place, "is not one C2SP verifier key: name+id+key")
    return _checked(match[1], match[2], raw[0], raw[1:], kind, place)


def parse_secret(text: str, kind: KeyType, place: str) -> NoteSigner:
    """Read one private key of a log or a witness; BadInput unless it is whole and of the kind asked for."""
    match = _SECRET.fullmatch(text.strip("\n"))
    raw = _base64(match[3]) if match else None
    if match is None or raw is None or len(raw) != 1 + KEY_BYTES:
        raise _bad_key(place, "is not one private note key: PRIVATE+KEY+name+id+key")
    private = Ed25519PrivateKey.from_private_bytes(raw[1:])
    _checked(match[1], match[2], raw[0], private.public_key().public_bytes_raw(), kind, place)
    return NoteSigner(match[1], kind, private)


def lines_of(signatures: Sequence[Signature]) -> str:
    """Return signature lines, each with its newline."""
    return "".join(s.line() for s in signatures)


def printable_name(signature: Signature) -> str:
    """Return whose line it is, for a message: name and key id."""
    return f"{signature.name}+{signature.key_id.hex()}"


def _checked(name: str, stated: str, kind: int, public: bytes, wanted: KeyType, place: str) -> NoteKey:
    if kind != wanted:
        raise _bad_key(place, f"is not the key of a {wanted.name.lower()}")
    key = NoteKey(name, wanted, public)
    if key.id.hex() != stated:
        raise _bad_key(place, "names a key id that is not the key's own")
    return key


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _verifies(key: NoteKey, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _base64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data).decode() == text else None


def _malformed(what: str) -> NotLogged:
    return NotLogged("LEDGER_NOTE_FORM", f"the signed note {what}")


def _bad_key(place: str, message: str) -> BadInput:
    return BadInput(Problem("K020", message, Place(place), "keys are made by: probity keys new DIR"))
