"""Chains and revocation lists beyond what the attacks show: scopes, revoked authorities, intermediates."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from evidence import authority, cades, revocation, timestamp
from evidence.certificates import Chain, ChainFault, build_chain, pem
from evidence.errors import BadTimestamp
from evidence.purpose import for_seals
from evidence.timestamp import Authorities
from evidence.verify import verify
from infra.cades import CadesMaker
from tests.attacks.again import rearchived
from tests.attacks.parts import unpack
from tests.evidence import doubly, pki
from tests.evidence.doubly import LocalSigner

POINT = x509.UniformResourceIdentifier("http://ca.example/seal.crl")


def crl(
    own: pki.SealKeys, extension: x509.ExtensionType | None = None, *, critical: bool = True
) -> x509.CertificateRevocationList:
    """Return a list of the seal's root that names nobody, with one more extension."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(own.root.subject)
    builder = builder.last_update(pki.MADE).next_update(own.certificate.not_valid_after_utc)
    if extension is not None:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(own.root_key, hashes.SHA256())


def scope(**changes: object) -> x509.IssuingDistributionPoint:
    plain = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(plain | changes))


def usable(extension: x509.ExtensionType | None, *, critical: bool = True) -> bool:
    own = pki.seal_keys()
    return revocation.is_about(crl(own, extension, critical=critical), own.certificate, own.root)


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (None, True),
        (x509.CRLNumber(7), True),
        (scope(only_contains_user_certs=True), True),
        (scope(only_contains_ca_certs=True), False),
        (scope(only_contains_attribute_certs=True), False),
        (scope(indirect_crl=True), False),
        (scope(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), False),
        (scope(full_name=[POINT]), False),  # the certificate names no such point
        (x509.DeltaCRLIndicator(1), False),
    ],
)
def test_list_counts_only_when_it_would_name_the_certificate(
    extension: x509.ExtensionType | None, expected: bool
) -> None:
    assert usable(extension, critical=not isinstance(extension, x509.CRLNumber)) is expected


def test_list_that_another_key_signed_does_not_count() -> None:
    own, stranger = pki.seal_keys(), pki.seal_keys(first_scalar=0xBAD1)
    assert not revocation.is_about(stranger.crl(), own.certificate, own.root)


def test_stamp_of_a_revoked_authority_is_not_believed() -> None:
    held = pki.first()
    stamp = timestamp.read(pki.At(pki.first, pki.STAMPED).stamp(b"x"), b"x", "x.tsr")
    end = held.certificate.not_valid_after_utc
    lists = [
        authority.make_revocation_list(revoked, held.root, held.root_key, pki.MADE, end)
        for revoked in ([], [held.certificate])
    ]
    clean, revoking = (Authorities(held.roots, lists=(each,)) for each in lists)
    chain = timestamp.check(stamp, clean, doubly.NOW, "x.tsr")
    assert (timestamp.has_revocation(chain, clean), timestamp.has_revocation(chain, Authorities(held.roots))) == (
        True,
        False,
    )
    with pytest.raises(BadTimestamp, match="STAMP_REVOKED"):
        timestamp.check(stamp, revoking, doubly.NOW, "x.tsr")


def test_list_about_the_authority_may_be_archived_and_is_no_longer_missed(tmp_path: Path) -> None:
    held = pki.first()
    clean = authority.make_revocation_list([], held.root, held.root_key, pki.MADE, held.certificate.not_valid_after_utc)
    path = doubly.seal(tmp_path / "a.zip", lists=[pki.seal_keys().crl(), clean])
    verification = verify(path, doubly.trust(), at=doubly.NOW)
    assert verification.verified
    assert not any("authority's own certificate" in item for item in verification.not_proved)


def between(root: pki.SealKeys, *, authority_too: bool = True) -> tuple[Chain, pki.SealKeys]:
    """Return a chain of three, and the keys of its middle: a root, an issuer below it, a seal certificate."""
    key, subject = pki.key(0x1111), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Issuing")])
    top_key, builder = pki.key(0x2222), x509.CertificateBuilder()
    top_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Top")])
    top = _authority(builder, top_name, top_name, top_key.public_key(), authority_too=True).sign(
        top_key, hashes.SHA256()
    )
    middle = _authority(builder, subject, top_name, key.public_key(), authority_too=authority_too)
    issuing = middle.sign(top_key, hashes.SHA256())
    own = authority.make_seal_certificate(root.key.public_key(), "Acme", issuing, key, pki.MADE)
    return (own, issuing, top), pki.SealKeys(top_key, key, top, issuing, "Issuing")


def _authority(
    builder: x509.CertificateBuilder, subject: x509.Name, issuer: x509.Name, key: object, *, authority_too: bool
) -> x509.CertificateBuilder:
    made = builder.subject_name(subject).issuer_name(issuer).public_key(key).serial_number(99)
    made = made.not_valid_before(pki.MADE).not_valid_after(pki.MADE + timedelta(days=3000))
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return made.add_extension(x509.BasicConstraints(ca=authority_too, path_length=None), critical=True)


def test_chain_through_an_intermediate_holds_when_every_issuer_has_a_list() -> None:
    keys = pki.seal_keys()
    (own, issuing, top), middle = between(keys)
    end = own.not_valid_after_utc
    lists = [
        authority.make_revocation_list([], top, middle.root_key, pki.MADE, end),
        authority.make_revocation_list([], issuing, middle.key, pki.MADE, end),
    ]
    chain = build_chain(own, [issuing], (top,), pki.STAMPED, for_seals())
    assert chain == (own, issuing, top)
    revocation.check_chain(chain, lists, pki.STAMPED, pki.STAMPED)
    with pytest.raises(ChainFault, match="REVOCATION_MISSING"):
        revocation.check_chain(chain, lists[:1], pki.STAMPED, pki.STAMPED)
    made = cades.read(CadesMaker(LocalSigner(keys.key), (own, issuing, top)).seal(b"content"), b"content")
    assert cades.check(made, (top,), Authorities((), lists=tuple(lists)), pki.STAMPED, pki.STAMPED)[0] == chain


def test_certificate_that_is_no_authority_issues_none() -> None:
    (own, issuing, top), _ = between(pki.seal_keys(), authority_too=False)
    with pytest.raises(ChainFault, match="UNTRUSTED"):
        build_chain(own, [issuing], (top,), pki.STAMPED, for_seals())


def test_revocation_list_newer_than_the_stamp_moves_the_instant_of_validation(tmp_path: Path) -> None:
    newer = pki.seal_keys().crl(made=pki.STAMPED)
    files = unpack(doubly.seal_bytes())
    path = tmp_path / "x.zip"
    path.write_bytes(rearchived(files | {"seal/ltv/01.crl": pem(newer)}))
    found = verify(path, doubly.trust(), at=doubly.NOW)
    assert found.verified
    issued: datetime = newer.last_update_utc
    assert any(f"{issued:%Y-%m-%dT%H:%M}" in item for item in found.not_proved)
