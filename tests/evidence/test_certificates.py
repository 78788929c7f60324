"""Chains beyond what the attacks show: what public authorities' certificates look like, and limits along the chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence import revocation
from evidence.certificates import ChainFault, build_chain
from evidence.purpose import Purpose, for_seals, for_stamps
from tests.evidence import pki

NOW = datetime(2025, 7, 1, tzinfo=UTC)
ROOT_KEY, ISSUING_KEY, OWN_KEY = (pki.key(scalar) for scalar in (0xC1, 0xC2, 0xC3))
DOCUMENTS = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")])
TIME = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
AUTHORITY = (x509.BasicConstraints(ca=True, path_length=None), True)
FLAGS = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
Extension = tuple[x509.ExtensionType, bool]


def usage(*names: str) -> Extension:
    return x509.KeyUsage(**{flag: flag in names for flag in FLAGS}), True


ISSUES, SIGNS = usage("key_cert_sign", "crl_sign"), usage("digital_signature")


def certificate(name: str, key: object, issuer: str, issuer_key: object, *extensions: Extension) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=3000))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def chain_of(purpose: Purpose, issuing: list[Extension], own: list[Extension], key: object = OWN_KEY) -> int:
    root = certificate("root", ROOT_KEY, "root", ROOT_KEY, AUTHORITY, ISSUES)
    between = certificate("issuing", ISSUING_KEY, "root", ROOT_KEY, *issuing)
    leaf = certificate("own", key, "issuing", ISSUING_KEY, *own)
    return len(build_chain(leaf, [between], (root,), NOW + timedelta(days=1), purpose))


@pytest.mark.parametrize(("purpose", "limit"), [(for_stamps, TIME), (for_seals, DOCUMENTS)])
def test_issuing_authority_may_be_limited_to_the_purpose(purpose, limit: x509.ExtendedKeyUsage) -> None:
    """As those of public authorities are: the limit stands in the certificate of the authority as well."""
    own = [(limit, True), SIGNS]
    assert chain_of(purpose(), [AUTHORITY, ISSUES, (limit, False)], own) == 3
    assert chain_of(purpose(), [AUTHORITY, ISSUES], own) == 3


def test_basic_constraints_of_old_authorities_need_not_be_critical() -> None:
    assert chain_of(for_stamps(), [(AUTHORITY[0], False), ISSUES], [(TIME, True), SIGNS]) == 3


@pytest.mark.parametrize(
    "issuing",
    [
        [AUTHORITY, ISSUES, (SERVERS, False)],
        [AUTHORITY, usage("crl_sign")],
        [(x509.BasicConstraints(ca=False, path_length=None), True), ISSUES],
        [ISSUES],
        [AUTHORITY, ISSUES, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)],
        [
            AUTHORITY,
            ISSUES,
            (
                x509.NameConstraints(
                    [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other")]))], None
                ),
                True,
            ),
        ],
    ],
    ids=["for servers", "may not issue", "no authority", "unstated", "unknown and critical", "for other names"],
)
@pytest.mark.parametrize(("purpose", "limit"), [(for_stamps, TIME), (for_seals, DOCUMENTS)])
def test_authority_that_may_not_issue_such_certificates_is_not_believed(purpose, limit, issuing) -> None:
    with pytest.raises(ChainFault, match="UNTRUSTED"):
        chain_of(purpose(), issuing, [(limit, True), SIGNS])


@pytest.mark.parametrize(
    "own",
    [
        [(TIME, False), SIGNS],
        [(x509.ExtendedKeyUsage([*TIME, *SERVERS]), True), SIGNS],
        [(TIME, True), usage("key_encipherment")],
        [(TIME, True), usage("digital_signature", "key_cert_sign")],
        [(TIME, True), AUTHORITY],
        [SIGNS],
    ],
)
def test_certificate_that_may_do_more_than_stamp_does_not_stamp(own: list[Extension]) -> None:
    with pytest.raises(ChainFault, match="UNTRUSTED"):
        chain_of(for_stamps(), [AUTHORITY, ISSUES], own)


def test_certificate_without_key_usage_may_stamp_and_not_seal() -> None:
    assert chain_of(for_stamps(), [AUTHORITY, ISSUES], [(TIME, True)]) == 3
    with pytest.raises(ChainFault, match="UNTRUSTED"):
        chain_of(for_seals(), [AUTHORITY, ISSUES], [(DOCUMENTS, False)])


def test_weak_keys_of_authorities_are_not_believed() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    root = certificate("root", ROOT_KEY, "root", ROOT_KEY, AUTHORITY, ISSUES)
    between = certificate("issuing", weak, "root", ROOT_KEY, AUTHORITY, ISSUES)
    leaf = certificate("own", OWN_KEY, "issuing", weak, (TIME, True), SIGNS)
    with pytest.raises(ChainFault, match="UNTRUSTED"):
        build_chain(leaf, [between], (root,), NOW + timedelta(days=1), for_stamps())


@pytest.mark.parametrize(("allowed", "expected"), [(ISSUES, True), (usage("key_cert_sign"), False)])
def test_list_counts_only_from_an_issuer_that_may_sign_lists(allowed: Extension, expected: bool) -> None:
    root = certificate("root", ROOT_KEY, "root", ROOT_KEY, AUTHORITY, allowed)
    own = certificate("own", OWN_KEY, "root", ROOT_KEY, SIGNS)
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject)
    found = builder.last_update(NOW).next_update(NOW + timedelta(days=9)).sign(ROOT_KEY, hashes.SHA256())
    assert revocation.is_about(found, own, root) is expected
