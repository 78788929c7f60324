"""ECDSA on P-256 with SHA-256: PEM forms and the one accepted form of a signature (FIPS 186-5, SEC 1)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from evidence.errors import BadInput, BadSignature, Place, Problem

ALGORITHM = "ecdsa-p256-sha256"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, section 2.4.2

_PUBLIC = b"-----BEGIN PUBLIC KEY-----"


def public_from_pem(data: bytes, place: str) -> ec.EllipticCurvePublicKey:
    """Read one P-256 public key; BadInput for any other content, curve or algorithm."""
    if data.count(b"-----BEGIN") != 1 or _PUBLIC not in data:
        raise _bad_key(place, "is not one PEM public key")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as cause:
        raise _bad_key(place, "is not a readable PEM public key") from cause
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _bad_key(place, "is not a P-256 key")
    return key


def low_s(signature: bytes) -> bytes:
    """Return the DER signature with s in the lower half of the group order, so that one signature has one form."""
    r, s = _numbers(signature)
    return encode_dss_signature(r, min(s, ORDER - s))


def check(public_key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
    """Verify a signature; BadSignature unless it is (1) strict DER, (2) low-s and (3) made by this key.

    Both (r, s) and (r, n-s) satisfy the equation of ECDSA: without (2) anybody could re-write a seal's bytes.
    """
    r, s = _numbers(signature)  # 1
    if encode_dss_signature(r, s) != signature:
        raise BadSignature("SIGNATURE_FORM", "the signature is not canonical DER")
    if s > ORDER // 2:  # 2
        raise BadSignature("HIGH_S", "the signature's s lies in the upper half of the group order")
    try:
        public_key.verify(signature, message, ec.ECDSA(hashes.SHA256()))  # 3
    except InvalidSignature as cause:
        raise BadSignature("BAD_SIGNATURE", "the signature was not made by the pinned key over this content") from cause


def _numbers(signature: bytes) -> tuple[int, int]:
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as cause:
        raise BadSignature("SIGNATURE_FORM", "the signature is not a DER sequence of two integers") from cause
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise BadSignature("SIGNATURE_FORM", "the signature's numbers are outside the P-256 group")
    return r, s


def _bad_key(place: str, message: str) -> BadInput:
    return BadInput(Problem("K002", message, Place(place), "keys are made by: probity keys new DIR"))
