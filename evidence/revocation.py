"""Certificate revocation lists as of a given instant (RFC 5280 sections 5 and 6.3).

A certificate that a list names is revoked, whatever the date beside it: openssl reads a list in the same way, and one
that was archived at the time of sealing can name nothing later. Not supported: delta and indirect lists, OCSP.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from cryptography import x509

from evidence.certificates import HASHES, MALFORMED, Chain, ChainFault, named


def check_chain(
    chain: Chain, lists: Iterable[x509.CertificateRevocationList], at: datetime, known: datetime
) -> tuple[datetime, datetime]:
    """Return the instant to validate the chain at, which is `at` or that of a newer list, and how new the lists are.

    `known` is by when the lists existed. 1. every certificate below the anchor has a list of its issuer's; 2. that one
    signed it; 3. it was issued by `known` and still current at `at`; 4. it does not name the certificate.
    """
    issued: list[datetime] = []
    available = tuple(lists)
    for certificate, issuer in pairwise(chain):
        found = [crl for crl in available if is_about(crl, certificate, issuer)]  # 1, 2
        if not found:
            raise ChainFault("REVOCATION_MISSING", f"{named(certificate)}: no revocation list of {named(issuer)}")
        for crl in found:  # 4, before its age: a revoked certificate is named as such even by a stale list
            if crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
                raise ChainFault("REVOKED", f"{named(certificate)}: is named in a revocation list of {named(issuer)}")
        current = [crl.last_update_utc for crl in found if _covers(crl, at, known)]  # 3
        if not current:
            raise ChainFault("REVOCATION_STALE", f"{named(certificate)}: no revocation list covers the time of sealing")
        issued.append(max(current))
    return max(at, *issued), min(issued, default=at)


def named_in(
    certificate: x509.Certificate, issuer: x509.Certificate, lists: Iterable[x509.CertificateRevocationList]
) -> bool | None:
    """Return whether a list of the issuer's names the certificate; None when there is no such list."""
    found = [crl for crl in lists if is_about(crl, certificate, issuer)]
    if not found:
        return None
    return any(crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None for crl in found)


def is_about(crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the issuer, who may sign lists, signed this one, and it would name a revoked certificate."""
    try:
        if crl.issuer != issuer.subject or not all(_allows(extension, certificate) for extension in crl.extensions):
            return False
        algorithm = crl.signature_hash_algorithm
        if algorithm is None or algorithm.name not in HASHES or not _may_sign_lists(issuer):
            return False
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other keys raise TypeError
    except MALFORMED:
        return False


def _allows(extension: x509.Extension[x509.ExtensionType], certificate: x509.Certificate) -> bool:
    scope = extension.value
    if not isinstance(scope, x509.IssuingDistributionPoint):
        return not extension.critical  # a delta list among others
    if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs or scope.relative_name:
        return False
    if (scope.only_contains_ca_certs and not _is_authority(certificate)) or (
        scope.only_contains_user_certs and _is_authority(certificate)
    ):
        return False
    return not scope.full_name or not set(scope.full_name).isdisjoint(_points(certificate))


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True  # a certificate without key usage may be used for anything (RFC 5280 section 4.2.1.3)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _points(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}


def _covers(crl: x509.CertificateRevocationList, at: datetime, known: datetime) -> bool:
    return crl.last_update_utc <= known and crl.next_update_utc is not None and crl.next_update_utc >= at
