"""What a certificate must say of its own use, and of that of the authorities above it (RFC 5280 section 4.2.1).

Public authorities limit the certificates they issue from to one purpose: the limit is read along the whole chain.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy

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
STAMP_USAGES = frozenset({ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


@dataclass(frozen=True, slots=True)
class Purpose:
    """The demands on the certificate that signed, and on those it was issued from."""

    own: ExtensionPolicy
    issuers: ExtensionPolicy


def for_seals() -> Purpose:
    """Return what a seal's certificates must say: no authority, may sign (RFC 5280 sections 4.2.1.3, .9, .12)."""
    own = ExtensionPolicy.permit_all().may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _no_authority)
    own = own.require_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
    own = own.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_documents)
    return Purpose(own, _issuers().may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_documents))


def for_stamps() -> Purpose:
    """Return what an authority's certificates must say: time stamping, critical, nothing else (RFC 3161, 2.3)."""
    own = ExtensionPolicy.permit_all().may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _no_authority)
    own = own.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _only_signs)
    own = own.require_present(x509.ExtendedKeyUsage, Criticality.CRITICAL, _for_time_alone)
    return Purpose(own, _issuers().may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_time))


def _issuers() -> ExtensionPolicy:
    """Return the demands on issuers; how long a path may be is checked by `cryptography`, whoever asks."""
    policy = ExtensionPolicy.webpki_defaults_ca()
    policy = policy.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _authority)
    policy = policy.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue)
    return policy.may_be_present(x509.SubjectKeyIdentifier, Criticality.AGNOSTIC, None)


def _authority(_policy: object, _certificate: x509.Certificate, extension: x509.BasicConstraints) -> None:
    if not extension.ca:
        raise ValueError("the certificate is not that of an authority")


def _no_authority(_policy: object, _certificate: x509.Certificate, extension: x509.BasicConstraints | None) -> None:
    if extension is not None and extension.ca:
        raise ValueError("a certificate authority's certificate does not sign documents")


def _may_sign(_policy: object, _certificate: x509.Certificate, extension: x509.KeyUsage) -> None:
    if not (extension.digital_signature or extension.content_commitment):
        raise ValueError("the key may not sign")


def _only_signs(_policy: object, certificate: x509.Certificate, extension: x509.KeyUsage | None) -> None:
    if extension is None:
        return
    _may_sign(_policy, certificate, extension)
    others = extension.key_encipherment, extension.data_encipherment, extension.key_agreement, extension.key_cert_sign
    if any(others) or extension.crl_sign:
        raise ValueError("the key may do more than sign stamps")


def _may_issue(_policy: object, _certificate: x509.Certificate, extension: x509.KeyUsage | None) -> None:
    if extension is not None and not extension.key_cert_sign:
        raise ValueError("the key may not issue certificates")


def _for_documents(_policy: object, _certificate: x509.Certificate, extension: x509.ExtendedKeyUsage | None) -> None:
    if extension is not None and SEAL_USAGES.isdisjoint(extension):
        raise ValueError("the certificate is not for signing documents")


def _for_time(_policy: object, _certificate: x509.Certificate, extension: x509.ExtendedKeyUsage | None) -> None:
    if extension is not None and STAMP_USAGES.isdisjoint(extension):
        raise ValueError("the authority does not issue certificates for time stamping")


def _for_time_alone(_policy: object, _certificate: x509.Certificate, extension: x509.ExtendedKeyUsage) -> None:
    if list(extension) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the certificate is not for time stamping alone")
