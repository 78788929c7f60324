"""Forgeries below the signature: other encodings of one object, certificates nobody needs, weak digests, chains."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import cms, tsp
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from evidence import authority, layout, timestamp
from evidence.certificates import pem
from infra.cades import CadesMaker
from tests.attacks.again import doubly_sealed, rearchived, restamped
from tests.attacks.forge_doubly import LIST
from tests.attacks.parts import unpack
from tests.evidence import pki
from tests.evidence.doubly import LocalSigner

STAMP = f"{layout.STATEMENT}.tsr"


def spell_the_seal_at_length(good: bytes) -> bytes:
    """The first length in more bytes than it needs: another file, the same object to whoever reads BER."""
    seal = unpack(good)[layout.CADES]
    assert seal[:2] == b"\x30\x82"
    return restamped(unpack(good) | {layout.CADES: b"\x30\x83\x00" + seal[2:]})


def leave_the_seals_length_open(good: bytes) -> bytes:
    seal = unpack(good)[layout.CADES]
    return restamped(unpack(good) | {layout.CADES: b"\x30\x80" + seal[4:] + b"\0\0"})


def write_after_the_seal(good: bytes) -> bytes:
    return restamped(unpack(good) | {layout.CADES: unpack(good)[layout.CADES] + b"\0\0"})


def spell_a_stamp_at_length(good: bytes) -> bytes:
    token = tsp.TimeStampResp.load(unpack(good)[STAMP])["time_stamp_token"].dump()
    assert token[:2] == b"\x30\x82"
    return rearchived(unpack(good) | {STAMP: _response(b"\x30\x83\x00" + token[2:])})


def break_a_stamps_signature(good: bytes) -> bytes:
    token = tsp.TimeStampResp.load(unpack(good)[STAMP])["time_stamp_token"].dump()
    return rearchived(unpack(good) | {STAMP: _response(token[:-1] + bytes([token[-1] ^ 1]))})


def carry_the_root_in_the_seal(good: bytes) -> bytes:
    return _with_certificate(good, pki.seal_keys().root)


def carry_a_message_in_a_cross_certificate(good: bytes) -> bytes:
    """Anybody may certify the root's key once more, and write into that certificate what he likes."""
    own, stranger = pki.seal_keys(), pki.seal_keys(first_scalar=0xBAD1)
    builder = x509.CertificateBuilder().subject_name(own.root.subject).issuer_name(x509.Name([]))
    builder = builder.public_key(own.root.public_key()).serial_number(13)
    builder = builder.not_valid_before(pki.MADE).not_valid_after(own.root.not_valid_after_utc)
    message = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"The audit was passed.")
    return _with_certificate(good, builder.add_extension(message, critical=False).sign(stranger.key, hashes.SHA256()))


def sign_the_list_with_sha1(good: bytes) -> bytes:
    own = pki.seal_keys()
    made = asn1_crl.CertificateList.load(own.crl().public_bytes(Encoding.DER))
    for place in (made, made["tbs_cert_list"]):
        place["signature_algorithm" if place is made else "signature"] = {"algorithm": "sha1_ecdsa"}
    body = made["tbs_cert_list"].dump(force=True)
    made["signature"] = own.root_key.sign(body, ec.ECDSA(hashes.SHA1()))
    weak = x509.load_der_x509_crl(made.dump(force=True))
    return rearchived(unpack(good) | {LIST: pem(weak)})


def seal_below_a_seal_certificate(good: bytes) -> bytes:
    """The holder of a seal's certificate issues one himself."""
    return doubly_sealed(good, keys=_issued(ca=False), lists=_issued(ca=False).lists())


def seal_beyond_the_path_length(good: bytes) -> bytes:
    """The root says that no other authority is below it."""
    return doubly_sealed(good, keys=_issued(ca=True), lists=_issued(ca=True).lists())


def stamp_by_a_revoked_authority(good: bytes) -> bytes:
    held = pki.first()
    until = held.certificate.not_valid_after_utc
    named = authority.make_revocation_list([held.certificate], held.root, held.root_key, pki.MADE, until)
    return rearchived(unpack(good) | {"seal/ltv/02.crl": pem(named)})


@dataclass(frozen=True)
class _Issued(pki.SealKeys):
    """A seal's key whose certificate somebody between it and the root issued."""

    between: x509.Certificate

    def maker(self, stamps: object = None) -> CadesMaker:
        inner = None if stamps is None else pki.Inner(pki.FIRST, pki.STAMPED)
        return CadesMaker(LocalSigner(self.key), (self.certificate, self.between, self.root), inner)

    def lists(self) -> list[x509.CertificateRevocationList]:
        own = pki.seal_keys()
        until = self.between.not_valid_after_utc
        return [own.crl(), authority.make_revocation_list([], self.between, own.key, pki.MADE, until)]


def _issued(*, ca: bool) -> _Issued:
    own = pki.seal_keys()
    between = own.certificate if not ca else _authority_certificate(own)
    key = pki.key(0x5E11)
    certificate = authority.make_seal_certificate(key.public_key(), "Acme Board", between, own.key, pki.MADE)
    return _Issued(own.root_key, key, own.root, certificate, "Acme Board", between)


def _authority_certificate(own: pki.SealKeys) -> x509.Certificate:
    named = authority.make_root(own.key, "Acme Issuing", pki.MADE)
    builder = x509.CertificateBuilder().subject_name(named.subject).issuer_name(own.root.subject)
    builder = builder.public_key(own.key.public_key()).serial_number(17)
    builder = builder.not_valid_before(pki.MADE).not_valid_after(own.certificate.not_valid_after_utc)
    for extension in named.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(own.root_key, hashes.SHA256())


def _with_certificate(good: bytes, certificate: x509.Certificate) -> bytes:
    seal = cms.ContentInfo.load(unpack(good)[layout.CADES])
    held = seal["content"]["certificates"]
    held.append(cms.CertificateChoices("certificate", asn1.Certificate.load(certificate.public_bytes(Encoding.DER))))
    return restamped(unpack(good) | {layout.CADES: seal.dump(force=True)})


def _response(token: bytes) -> bytes:
    return timestamp._response(token)
