"""Keys of ledgers and witnesses, in the form of Go's note package; a file of one line that only its owner may read."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import note
from evidence.errors import BadInput, Place, Problem
from evidence.note import KeyType, NoteSigner
from evidence.signer import read_private

LEDGER_KEY, WITNESS_KEY = "ledger.key", "witness.key"


def ledger_signer() -> NoteSigner:
    """Return a new key for a ledger of its own: the name holds a part of the key's digest, so no two are the same."""
    return _made("ledger", KeyType.LOG)


def witness_signer() -> NoteSigner:
    """Return a new key for a witness."""
    return _made("witness", KeyType.WITNESS)


def load(path: Path, kind: KeyType) -> NoteSigner:
    """Read a private key; BadInput when it is absent, malformed, of the other kind or readable by others."""
    try:
        text = read_private(path).decode("ascii")
    except UnicodeDecodeError as cause:
        hint = "keys are made by: probity keys new DIR"
        raise BadInput(Problem("K020", "is not one private note key", Place(str(path)), hint)) from cause
    return note.parse_secret(text, kind, str(path))


def _made(what: str, kind: KeyType) -> NoteSigner:
    private = Ed25519PrivateKey.generate()
    part = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
    return NoteSigner(f"probity.example/{what}/{part}", kind, private)
