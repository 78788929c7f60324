"""Who signs: the protocol every signer meets, and keys that lie in local files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from evidence import mldsa, p256
from evidence.errors import BadInput, Place, Problem

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | MLDSA65PublicKey
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | MLDSA65PrivateKey
DSSE_P256_KEY, ML_DSA_65_KEY = "dsse-p256.key", "dsse-ml-dsa-65.key"
SEAL_KEY, SEAL_CERTIFICATE, SEAL_LIST = "seal.key", "seal.crt", "seal.crl"
MAX_KEY_BYTES = 16 * 1024

_PLAIN, _ENCRYPTED = b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class Signer(Protocol):
    """Signs a short message with one key that it may keep to itself (file, KMS, PKCS#11)."""

    @property
    def public_key(self) -> PublicKey:
        """Return the public half of the key."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over the message: DER of ECDSA with SHA-256, or ML-DSA-65 without context."""


class LocalSigner:
    """Signs with a key held in memory; with P-256 equal input gives equal bytes (RFC 6979)."""

    def __init__(self, private_key: PrivateKey) -> None:
        self._private_key = private_key

    @classmethod
    def load(cls, path: Path, algorithm: str, passphrase: str | None = None) -> LocalSigner:
        """Read a PKCS#8 key file; BadInput when absent, malformed, of another algorithm or readable by others."""
        key = private_from_pem(read_private(path), str(path), passphrase)
        if isinstance(key, MLDSA65PrivateKey) != (algorithm == mldsa.ALGORITHM):
            raise _bad_key(str(path), f"is not a key for {algorithm}")
        return cls(key)

    @property
    def public_key(self) -> PublicKey:
        """Return the public half of the key."""
        return self._private_key.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return the signature; that of P-256 is low-s DER."""
        if isinstance(self._private_key, MLDSA65PrivateKey):
            return self._private_key.sign(message)
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return p256.low_s(self._private_key.sign(message, algorithm))


def private_from_pem(data: bytes, place: str, passphrase: str | None = None) -> PrivateKey:
    """Read one PKCS#8 key for P-256 or ML-DSA-65; an encrypted one needs the passphrase. BadInput otherwise."""
    if data.count(b"-----BEGIN") != 1 or (_PLAIN not in data and _ENCRYPTED not in data):
        raise _bad_key(place, "is not one PKCS#8 private key")
    if _ENCRYPTED in data and passphrase is None:
        raise _bad_key(place, "is encrypted, and there is no passphrase", "give it as: passphrase: ${VARIABLE}")
    secret = passphrase.encode() if passphrase is not None and _ENCRYPTED in data else None
    try:
        key = serialization.load_pem_private_key(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as cause:
        raise _bad_key(place, "is not a readable PKCS#8 private key, or the passphrase is another") from cause
    if isinstance(key, MLDSA65PrivateKey):
        return key
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _bad_key(place, "is neither a P-256 nor an ML-DSA-65 key")
    return key


def private_pem(private_key: PrivateKey, passphrase: str | None) -> bytes:
    """Return the PKCS#8 key as PEM (RFC 7468), encrypted when there is a passphrase; else its mode must protect it."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return private_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def read_private(path: Path) -> bytes:
    """Return the content of a private key file; BadInput when it is absent or others may read it."""
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


def _bad_key(place: str, message: str, hint: str = "keys are made by: probity keys new DIR") -> BadInput:
    return BadInput(Problem("K002", message, Place(place), hint))
