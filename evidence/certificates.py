"""X.509 chains as of a given instant (RFC 5280); path validation is that of `cryptography`.

Trust anchors are the reader's; certificates out of a bundle only fill the gap between a signer and an anchor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy

from evidence.errors import BadInput, Place, Problem
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
MAX_CHAIN_DEPTH = 4
MAX_CERTIFICATES = 20

#: What a seal's certificate may be limited to, if it is limited at all: document signing (RFC 9336), e-mail protection
#: and any use (RFC 5280 section 4.2.1.12), and two vendors' own names for signing documents.
SEAL_USAGES = frozenset(
    x509.ObjectIdentifier(oid)
    for oid in (
        "1.3.6.1.5.5.7.3.36",
        "1.3.6.1.5.5.7.3.4",
        "2.5.29.37.0",
        "1.3.6.1.4.1.311.10.3.12",
        "1.2.840.113583.1.1.5",
    )
)


class ChainFault(Exception):
    """Why a certificate does not hold: a word such as EXPIRED, from which the caller makes its own reason code."""

    def __init__(self, word: str, detail: str) -> None:
        """Keep the word beside the text."""
        super().__init__(f"{word}: {detail}")
        self.word = word
        self.detail = detail


def for_seals() -> ExtensionPolicy:
    """Return what a seal's own certificate must say: no authority, may sign (RFC 5280 sections 4.2.1.3, .9, .12)."""
    policy = ExtensionPolicy.permit_all().may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _no_authority)
    policy = policy.require_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
    return policy.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_documents)


def for_stamps() -> ExtensionPolicy:
    """Return what an authority's certificate must say: time stamping, critical, nothing else (RFC 3161 section 2.3)."""
    policy = ExtensionPolicy.permit_all().may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _no_authority)
    return policy.require_present(x509.ExtendedKeyUsage, Criticality.CRITICAL, _for_time)


def build_chain(
    leaf: x509.Certificate, others: Iterable[x509.Certificate], roots: Chain, at: datetime, usage: ExtensionPolicy
) -> Chain:
    """Return the chain from `leaf` to one of `roots`, all of it valid at `at`; ChainFault names what does not hold."""
    between = [c for c in others if c != leaf]
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise ChainFault("EXPIRED" if at > leaf.not_valid_after_utc else "NOT_YET_VALID", _validity(leaf, at))
    issuers = ExtensionPolicy.webpki_defaults_ca()
    issuers = issuers.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue)
    issuers = issuers.may_be_present(x509.SubjectKeyIdentifier, Criticality.AGNOSTIC, None)
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(at)
    builder = builder.max_chain_depth(MAX_CHAIN_DEPTH).extension_policies(ca_policy=issuers, ee_policy=usage)
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

    Cross-certificates are what public authorities send along for readers with other roots.
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


def _no_authority(_policy: object, _certificate: x509.Certificate, extension: x509.BasicConstraints | None) -> None:
    if extension is not None and extension.ca:
        raise ValueError("a certificate authority's certificate does not sign documents")


def _may_sign(_policy: object, _certificate: x509.Certificate, extension: x509.KeyUsage) -> None:
    if not (extension.digital_signature or extension.content_commitment):
        raise ValueError("the key may not sign")


def _may_issue(_policy: object, _certificate: x509.Certificate, extension: x509.KeyUsage | None) -> None:
    if extension is not None and not extension.key_cert_sign:
        raise ValueError("the key may not issue certificates")


def _for_documents(_policy: object, _certificate: x509.Certificate, extension: x509.ExtendedKeyUsage | None) -> None:
    if extension is not None and SEAL_USAGES.isdisjoint(extension):
        raise ValueError("the certificate is not for signing documents")


def _for_time(_policy: object, _certificate: x509.Certificate, extension: x509.ExtendedKeyUsage) -> None:
    usages: Collection[x509.ObjectIdentifier] = list(extension)
    if usages != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the certificate is not for time stamping alone")


def _bad(place: str, message: str) -> BadInput:
    return BadInput(Problem("T005", message, Place(place), "use the file the signer handed you"))
