"""Public keys of any algorithm: their ids and their one PEM form (RFC 5280 section 4.1, RFC 7468 section 13)."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def digest_of_key(public_key: CertificatePublicKeyTypes) -> str:
    """Return the SHA-256 of the DER SubjectPublicKeyInfo, in lower-case hexadecimal."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_pem(public_key: CertificatePublicKeyTypes) -> bytes:
    """Return the SubjectPublicKeyInfo as PEM."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
