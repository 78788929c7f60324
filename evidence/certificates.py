"""X.509 chains as of a given instant (RFC 5280); path validation is that of `cryptography`.

Trust anchors are the reader's; certificates out of a bundle only fill the gap between a signer and an anchor.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import verification

from evidence.errors import BadInput, Place, Problem
from evidence.purpose import Purpose
from evidence.spki import digest_of_key

Chain: TypeAlias = tuple[x509.Certificate, ...]  # the signer first, the anchor last
#: What the libraries raise on ASN.1 that is malformed or beyond them; some of it only when a field is first looked at.
MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
#: The digests that signatures may be over; anything weaker could be made to fit another content.
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
MAX_CHAIN_DEPTH = 4
MAX_CERTIFICATES = 20


class ChainFault(Exception):
    """Why a certificate does not hold: a word such as EXPIRED, from which the caller makes its own reason code."""

    def __init__(self, word: str, detail: str) -> None:
        """Keep the word beside the text."""
        super().__init__(f"{word}: {detail}")
        self.word = word
        self.detail = detail


def build_chain(
    leaf: x509.Certificate, others: Iterable[x509.Certificate], roots: Chain, at: datetime, purpose: Purpose
) -> Chain:
    """Return the chain from `leaf` to one of `roots`, all of it valid at `at`; ChainFault names what does not hold."""
    between = [c for c in others if c != leaf]
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise ChainFault("EXPIRED" if at > leaf.not_valid_after_utc else "NOT_YET_VALID", _validity(leaf, at))
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(at)
    builder = builder.max_chain_depth(MAX_CHAIN_DEPTH).extension_policies(
        ca_policy=purpose.issuers, ee_policy=purpose.own
    )
    try:
        return tuple(builder.build_client_verifier().verify(leaf, between).chain)
    except (verification.VerificationError, *MALFORMED) as cause:
        for certificate in (*between, *roots):
            if certificate.subject == leaf.issuer and at > certificate.not_valid_after_utc:
                raise ChainFault("EXPIRED", _validity(certificate, at)) from cause
        raise ChainFault("UNTRUSTED", f"{named(leaf)}: no valid chain to a pinned root ({cause})") from cause


def named(certificate: x509.Certificate) -> str:
    """Return a certificate's subject for a message (RFC 4514)."""
    return certificate.subject.rfc4514_string() or f"serial {certificate.serial_number}"


def key_id(certificate: x509.Certificate) -> str:
    """Return the id of a certificate's key: the SHA-256 of its DER SubjectPublicKeyInfo."""
    return digest_of_key(certificate.public_key())


def stray(carried: Iterable[x509.Certificate], chain: Chain) -> x509.Certificate | None:
    """Return a certificate that is neither of the chain nor a cross-certificate of one of its authorities.

    Cross-certificates are what public time-stamping authorities send along for readers with other roots.
    """
    crossed = {(c.subject, key_id(c)) for c in chain[1:]}
    for certificate in carried:
        cross = certificate.subject != certificate.issuer and (certificate.subject, key_id(certificate)) in crossed
        if certificate not in chain and not cross:
            return certificate
    return None


def read_pem(data: bytes, place: str) -> Chain:
    """Read the certificates of a PEM file; BadInput when there is none or one is malformed."""
    try:
        found = tuple(x509.load_pem_x509_certificates(data))
    except MALFORMED as cause:
        raise _bad(place, "is not a file of PEM certificates") from cause
    if not 0 < len(found) <= MAX_CERTIFICATES:
        raise _bad(place, f"has {len(found)} certificates, not 1 to {MAX_CERTIFICATES}")
    return found


def pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Return the PEM form (RFC 7468)."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def _validity(certificate: x509.Certificate, at: datetime) -> str:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"{named(certificate)}: valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}, not at {at:%Y-%m-%dT%H:%M:%SZ}"


def _bad(place: str, message: str) -> BadInput:
    return BadInput(Problem("T005", message, Place(place), "use the file the signer handed you"))
