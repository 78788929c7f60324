"""Who signs: the protocol every signer meets, and the key that lies in a local file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from evidence import p256
from evidence.errors import BadInput, Place, Problem

PRIVATE_KEY = "dsse-p256.key"
MAX_KEY_BYTES = 16 * 1024


class Signer(Protocol):
    """Signs a short message with one P-256 key that it may keep to itself (file, KMS, PKCS#11)."""

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""

    def sign(self, message: bytes) -> bytes:
        """Return the DER signature of SHA-256(message)."""


class LocalSigner:
    """Signs with a P-256 key held in memory; deterministic (RFC 6979), so that equal input gives equal bytes."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        self._private_key = private_key

    @classmethod
    def load(cls, keys: Path) -> LocalSigner:
        """Read `dsse-p256.key` of the private folder; BadInput when absent, malformed or readable by others."""
        path = keys / PRIVATE_KEY
        return cls(p256.private_from_pem(_read_private(path), str(path)))

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""
        return self._private_key.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return the low-s DER signature of SHA-256(message)."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return p256.low_s(self._private_key.sign(message, algorithm))


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode  # of the opened file: the path could be swapped in between
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                message = f"private key may be used by others (mode {stat.S_IMODE(mode):04o})"
                raise BadInput(Problem("K003", message, Place(str(path)), f"run: chmod 600 {path}"))
            return file.read(MAX_KEY_BYTES)
    except FileNotFoundError as cause:
        problem = Problem("K001", "no signing key", Place(str(path)), "run: probity keys new DIR")
        raise BadInput(problem) from cause
    except OSError as cause:
        problem = Problem("K001", f"signing key cannot be read ({cause.strerror})", Place(str(path)))
        raise BadInput(problem) from cause
