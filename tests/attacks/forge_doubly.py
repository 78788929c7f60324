"""Forgeries of the full form's seals: CAdES, ML-DSA, revocation data and copies of keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from evidence import authority, dsse, layout, manifest
from evidence.certificates import pem
from evidence.sealing import DsseSeal
from evidence.signer import LocalSigner
from evidence.spki import public_pem
from tests.attacks.again import doubly_sealed, minus, rearchived, restamped, sealed_by
from tests.attacks.parts import Files, pack, unpack
from tests.evidence import doubly, pki, sealed

STRANGER = LocalSigner(MLDSA65PrivateKey.from_seed_bytes(b"s" * 32))
LIST = "seal/ltv/01.crl"


def remove_cades(good: bytes) -> bytes:
    return restamped(minus(good, [layout.CADES, LIST, layout.KEY_P256, layout.KEY_ML_DSA_65]))


def swap_cades(good: bytes) -> bytes:
    other = pki.seal_keys().maker().seal(b"another tag manifest")
    return restamped(unpack(good) | {layout.CADES: other})


def reseal_by_ca_of_the_same_name(good: bytes) -> bytes:
    return doubly_sealed(good, keys=_stranger())


def bring_own_root_in_ltv(good: bytes) -> bytes:
    forged = unpack(doubly_sealed(good, keys=_stranger()))
    return restamped(forged | {"seal/ltv/root.crt": pem(_stranger().root)})


def seal_without_signed_attributes(good: bytes) -> bytes:
    return _pkcs7(good, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoAttributes])


def seal_without_naming_the_certificate(good: bytes) -> bytes:
    return _pkcs7(good, [pkcs7.PKCS7Options.DetachedSignature])


def seal_with_the_statement_key(good: bytes) -> bytes:
    own, key = pki.seal_keys(), pki.key(0x51A7)
    certificate = authority.make_seal_certificate(key.public_key(), own.name, own.root, own.root_key, pki.MADE)
    return doubly_sealed(good, keys=replace(own, key=key, certificate=certificate))


def seal_with_a_certificate_for_servers(good: bytes) -> bytes:
    own = pki.seal_keys()
    builder = x509.CertificateBuilder().subject_name(own.certificate.subject).issuer_name(own.root.subject)
    builder = builder.public_key(own.key.public_key()).serial_number(7)
    builder = builder.not_valid_before(pki.MADE).not_valid_after(pki.MADE + timedelta(days=700))
    usage = own.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    servers = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(usage, critical=True).add_extension(servers, critical=False)
    return doubly_sealed(good, keys=replace(own, certificate=builder.sign(own.root_key, hashes.SHA256())))


def remove_revocation_list(good: bytes) -> bytes:
    return rearchived(minus(good, [LIST]))


def swap_revocation_list(good: bytes) -> bytes:
    return rearchived(unpack(good) | {LIST: pem(_stranger().crl())})


def show_stale_revocation_list(good: bytes) -> bytes:
    stale = pki.seal_keys().crl(until=pki.MADE + timedelta(hours=1))
    return rearchived(unpack(good) | {LIST: pem(stale)})


def show_later_revocation_list(good: bytes) -> bytes:
    later = pki.seal_keys().crl(made=pki.STAMPED + timedelta(days=30))
    return rearchived(unpack(good) | {LIST: pem(later)})


def seal_after_revocation(good: bytes) -> bytes:
    own = pki.seal_keys()
    return doubly_sealed(good, lists=[own.crl(own.certificate)])


def hide_revocation_behind_clean_list(good: bytes) -> bytes:
    own = pki.seal_keys()
    return doubly_sealed(good, lists=[own.crl(), own.crl(own.certificate)])


def plant_unrelated_list(good: bytes) -> bytes:
    return rearchived(unpack(good) | {"seal/ltv/02.crl": pem(_stranger().crl())})


def write_after_a_list(good: bytes) -> bytes:
    files = unpack(good)
    return rearchived(files | {LIST: files[LIST] + b"Nothing was ever revoked.\n"})


def remove_ml_dsa(good: bytes) -> bytes:
    return _envelope(good, lambda signatures: signatures[:1])


def remove_p256(good: bytes) -> bytes:
    return _envelope(good, lambda signatures: signatures[1:])


def swap_signatures(good: bytes) -> bytes:
    return _envelope(good, lambda signatures: signatures[::-1])


def resign_ml_dsa(good: bytes) -> bytes:
    return sealed_by(good, _steps_with(DsseSeal((sealed.SIGNER, STRANGER))))


def resign_ml_dsa_claiming_the_pinned_key(good: bytes) -> bytes:
    parsed = dsse.parse(unpack(resign_ml_dsa(good))[layout.STATEMENT])
    first, second = parsed.signatures
    claimed = replace(parsed, signatures=(first, replace(second, key_id=doubly.KEY_ID)))
    return restamped(unpack(good) | {layout.STATEMENT: dsse.encode(claimed)})


def remove_key_copies(good: bytes) -> bytes:
    return rearchived(minus(good, [layout.KEY_P256, layout.KEY_ML_DSA_65]))


def remove_ml_dsa_key_copy(good: bytes) -> bytes:
    return rearchived(minus(good, [layout.KEY_ML_DSA_65]))


def remove_p256_key_copy(good: bytes) -> bytes:
    return rearchived(minus(good, [layout.KEY_P256]))


def plant_key_copy(good: bytes) -> bytes:
    return pack(unpack(good) | {layout.KEY_P256: public_pem(sealed.SIGNER.public_key)})


def swap_key_copy(good: bytes) -> bytes:
    return rearchived(unpack(good) | {layout.KEY_P256: public_pem(sealed.STRANGER.public_key)})


def swap_ml_dsa_key_copy(good: bytes) -> bytes:
    return rearchived(unpack(good) | {layout.KEY_ML_DSA_65: public_pem(STRANGER.public_key)})


def _stranger() -> pki.SealKeys:
    return pki.seal_keys(first_scalar=0xBAD1)


def _steps_with(seal: DsseSeal) -> list[object]:
    return [seal if isinstance(step, DsseSeal) else step for step in doubly.steps()]


def _envelope(good: bytes, change: object) -> bytes:
    files: Files = unpack(good)
    parsed = dsse.parse(files[layout.STATEMENT])
    return restamped(files | {layout.STATEMENT: dsse.encode(replace(parsed, signatures=change(parsed.signatures)))})


def _pkcs7(good: bytes, options: list[pkcs7.PKCS7Options]) -> bytes:
    own, files = pki.seal_keys(), unpack(good)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(files[manifest.TAG_MANIFEST])
    builder = builder.add_signer(own.certificate, own.key, hashes.SHA256())
    made = builder.sign(Encoding.DER, [*options, pkcs7.PKCS7Options.Binary])
    return restamped(files | {layout.CADES: made})
