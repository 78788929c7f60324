"""ML-DSA-65 (FIPS 204): a second signature beside P-256 against quantum computers, never alone."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from evidence.errors import BadInput, BadSignature, Place, Problem

ALGORITHM = "ml-dsa-65"
SIGNATURE_BYTES = 3309  # FIPS 204 table 2

_PUBLIC = b"-----BEGIN PUBLIC KEY-----"


def public_from_pem(data: bytes, place: str) -> MLDSA65PublicKey:
    """Read one ML-DSA-65 public key; BadInput for any other content or algorithm."""
    if data.count(b"-----BEGIN") != 1 or _PUBLIC not in data:
        raise _bad_key(place, "is not one PEM public key")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as cause:
        raise _bad_key(place, "is not a readable PEM public key") from cause
    if not isinstance(key, MLDSA65PublicKey):
        raise _bad_key(place, "is not an ML-DSA-65 key")
    return key


def check(public_key: MLDSA65PublicKey, signature: bytes, message: bytes) -> None:
    """Verify a signature without context string; BadSignature unless this key made it."""
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature("SIGNATURE_FORM", f"an ML-DSA-65 signature has {SIGNATURE_BYTES} bytes")
    try:
        public_key.verify(signature, message)
    except InvalidSignature as cause:
        detail = "the ML-DSA-65 signature was not made by the pinned key over this content"
        raise BadSignature("BAD_SIGNATURE", detail) from cause


def _bad_key(place: str, message: str) -> BadInput:
    return BadInput(Problem("K002", message, Place(place), "keys are made by: probity keys new DIR"))
