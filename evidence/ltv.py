"""What is archived beside a seal for its later validation: intermediate certificates and revocation lists."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from cryptography import x509

from evidence import layout
from evidence.certificates import MALFORMED, Chain, pem
from evidence.errors import BadSignature
from evidence.examination import Examination
from evidence.revocation import is_about
from evidence.timestamp import Authorities

MAX_LTV_BYTES = 4 * 1024 * 1024  # revocation lists of public authorities have thousands of entries


def read(examination: Examination) -> Authorities:
    """Return what `seal/ltv/` holds, with the reader's roots for time stamps; BadSignature when a file is malformed.

    Every file is one object in its one PEM form, so that nothing beside it goes unread.
    """
    certificates: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    for name in examination.names(layout.LTV):
        data = examination.read(name, MAX_LTV_BYTES)
        try:
            found = x509.load_pem_x509_crl(data) if name.endswith(".crl") else x509.load_pem_x509_certificate(data)
            same = pem(found) == data
        except MALFORMED as cause:
            raise BadSignature("LTV_FORM", f"{name}: cannot be read ({cause})") from cause
        if not same:
            raise BadSignature("LTV_FORM", f"{name}: not in the one PEM form of its content")
        if isinstance(found, x509.Certificate):
            certificates.append(found)
        else:
            lists.append(found)
    return Authorities(examination.trusted().tsa_roots, tuple(certificates), tuple(lists))


def check_used(archived: Authorities, chains: Iterable[Chain]) -> None:
    """BadSignature when an archived object is about no chain of the bundle: nothing would have looked at it."""
    known = tuple(chains)
    members = {certificate for chain in known for certificate in chain}
    pairs = {pair for chain in known for pair in pairwise(chain)}
    for certificate in archived.certificates:
        if certificate not in members:
            raise BadSignature("LTV_UNUSED", f"{layout.LTV}: a certificate of no chain of this bundle")
    for crl in archived.lists:
        if not any(is_about(crl, certificate, issuer) for certificate, issuer in pairs):
            raise BadSignature("LTV_UNUSED", f"{layout.LTV}: a revocation list about no certificate of this bundle")
