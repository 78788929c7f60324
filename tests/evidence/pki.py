"""Certificates, lists and time-stamping authorities for the tests: throw-away, made in the process, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

from evidence import authority, timestamp
from evidence.certificates import Chain
from evidence.signer import LocalSigner
from infra.cades import CadesMaker

MADE = datetime(2025, 7, 1, tzinfo=UTC)
STAMPED = datetime(2025, 7, 2, 0, 1, tzinfo=UTC)


def key(scalar: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, ec.SECP256R1())


@dataclass(frozen=True)
class SealKeys:
    """A seal's key with its certificate, the root above it and the root's list."""

    root_key: ec.EllipticCurvePrivateKey
    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate
    certificate: x509.Certificate
    name: str

    def crl(
        self, *revoked: x509.Certificate, made: datetime = MADE, until: datetime | None = None
    ) -> x509.CertificateRevocationList:
        end = until or self.certificate.not_valid_after_utc
        return authority.make_revocation_list(revoked, self.root, self.root_key, made, end)

    def maker(self, stamps: datetime | None = None) -> CadesMaker:
        inner = None if stamps is None else Inner(FIRST, stamps)
        return CadesMaker(LocalSigner(self.key), (self.certificate, self.root), inner)


@cache
def seal_keys(name: str = "Acme Internal Audit", first_scalar: int = 0x5EA1, made: datetime = MADE) -> SealKeys:
    root_key, own = key(first_scalar), key(first_scalar + 1)
    root = authority.make_root(root_key, name, made)
    certificate = authority.make_seal_certificate(own.public_key(), name, root, root_key, made)
    return SealKeys(root_key, own, root, certificate, name)


@dataclass(frozen=True)
class TimeKeys:
    """A time-stamping authority's key and certificate and its root."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    root_key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @property
    def roots(self) -> Chain:
        return (self.root,)


@cache
def time_keys(name: str, made: datetime, years: int, scalar: int) -> TimeKeys:
    root_key, own = key(scalar), rsa.generate_private_key(65537, 2048)
    root = authority.make_root(root_key, name, made)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} unit")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(root.subject).public_key(own.public_key())
    builder = builder.serial_number(scalar).not_valid_before(made).not_valid_after(made + timedelta(days=365 * years))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = builder.add_extension(usage, critical=True)
    return TimeKeys(own, builder.sign(root_key, hashes.SHA256()), root_key, root)


def first() -> TimeKeys:
    """An authority whose certificate ends in 2037."""
    return time_keys("First Time", MADE, 12, 0x7151)


def second() -> TimeKeys:
    """An authority whose certificate begins in 2030 and ends in 2050."""
    return time_keys("Second Time", datetime(2030, 1, 1, tzinfo=UTC), 20, 0x7152)


FIRST, SECOND = first, second


class Inner:
    """Answers encoded requests, as an authority does over HTTP."""

    def __init__(self, keys, at: datetime) -> None:
        self.keys, self.at = keys, at

    def answer(self, request: bytes) -> bytes:
        held = self.keys()
        own = asn1.Certificate.load(held.certificate.public_bytes(Encoding.DER))
        private = held.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        stamper = DummyTimeStamper(own, asn1_keys.PrivateKeyInfo.load(private), fixed_dt=self.at)
        return stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump()


class At:
    """A stamper of our protocol that stamps at a given time, in any year."""

    def __init__(self, keys, at: datetime) -> None:
        self.inner = Inner(keys, at)

    def stamp(self, data: bytes) -> bytes:
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": _sha256(data)}
        request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": 7, "cert_req": True})
        return timestamp.kept(self.inner.answer(request.dump()))


def _sha256(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize()


def early() -> TimeKeys:
    """An authority that is older than the seal's certificate."""
    return time_keys("Early Time", MADE - timedelta(days=100), 12, 0x7153)


def not_for_time(held: TimeKeys) -> x509.Certificate:
    """Return a certificate for an authority's key, by its root, that is not for time stamping."""
    builder = x509.CertificateBuilder().subject_name(held.certificate.subject).issuer_name(held.root.subject)
    builder = builder.public_key(held.key.public_key()).serial_number(0xBAD)
    builder = builder.not_valid_before(MADE).not_valid_after(MADE + timedelta(days=900))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    return builder.add_extension(usage, critical=True).sign(held.root_key, hashes.SHA256())
