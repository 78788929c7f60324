"""Forgeries of the seal: removed, swapped, re-signed, re-spelled."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from evidence import dsse, p256
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.layout import STATEMENT
from evidence.spki import digest_of_key, public_pem
from tests.attacks.parts import met, pack, reseal, rewrite_manifests, unpack, without
from tests.evidence import sealed


def remove_seal(good: bytes) -> bytes:
    return pack(without(good, STATEMENT))


def swap_seal(good: bytes) -> bytes:
    other = unpack(reseal(unpack(good), run="another-run", sealed_at="2025-08-01T00:00:00Z"))
    tags = rewrite_manifests(unpack(good) | met())
    return pack(tags | {STATEMENT: other[STATEMENT]})


def resign_with_another_key(good: bytes) -> bytes:
    return reseal(unpack(good) | met(), sealed.STRANGER)


def resign_claiming_the_pinned_key(good: bytes) -> bytes:
    envelope = dsse.parse(unpack(resign_with_another_key(good))[STATEMENT])
    signature = replace(envelope.signatures[0], key_id=digest_of_key(sealed.SIGNER.public_key))
    claimed = replace(envelope, signatures=(signature,))
    return pack(unpack(resign_with_another_key(good)) | {STATEMENT: dsse.encode(claimed)})


def bring_own_key_as_file(good: bytes) -> bytes:
    files = unpack(resign_with_another_key(good))
    return pack(files | {"seal/keys/dsse-p256.pub": public_pem(sealed.STRANGER.public_key)})


def bring_own_key_in_envelope(good: bytes) -> bytes:
    key = public_pem(sealed.STRANGER.public_key).decode()
    return _edit_envelope(resign_with_another_key(good), lambda e: e["signatures"][0].update(publicKey=key))


def declare_another_algorithm(good: bytes) -> bytes:
    return _edit_envelope(good, lambda e: e["signatures"][0].update(alg="none"))


def sign_with_p384(good: bytes) -> bytes:
    key = ec.derive_private_key(0x384, ec.SECP384R1())
    message = dsse.pae(dsse.parse(unpack(good)[STATEMENT]).payload)
    return _with_signature(good, key.sign(message, ec.ECDSA(hashes.SHA384(), deterministic_signing=True)))


def name_key_by_p384_id(good: bytes) -> bytes:
    key = ec.derive_private_key(0x384, ec.SECP384R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    keyid = sha256_hex(key.public_bytes(serialization.Encoding.DER, form))
    return _edit_envelope(good, lambda e: e["signatures"][0].update(keyid=keyid))


def change_payload_type(good: bytes) -> bytes:
    return _edit_envelope(good, lambda e: e.update(payloadType="text/plain"))


def repeat_envelope_key(good: bytes) -> bytes:
    return _replace_in_envelope(good, b'{"payload":', b'{"payload":"e30=","payload":')


def indent_envelope(good: bytes) -> bytes:
    return _replace_in_envelope(good, b'"payloadType":', b' "payloadType":')


def raise_s(good: bytes) -> bytes:
    r, s = decode_dss_signature(dsse.parse(unpack(good)[STATEMENT]).signatures[0].signature)
    return _with_signature(good, encode_dss_signature(r, p256.ORDER - s))


def pad_signature(good: bytes) -> bytes:
    return _with_signature(good, dsse.parse(unpack(good)[STATEMENT]).signatures[0].signature + b"\0")


def sign_twice(good: bytes) -> bytes:
    second = json.loads(unpack(resign_with_another_key(good))[STATEMENT])["signatures"][0]
    return _edit_envelope(good, lambda e: e["signatures"].append(second))


def sign_not_at_all(good: bytes) -> bytes:
    return _edit_envelope(good, lambda e: e["signatures"].clear())


def change_signed_period(good: bytes) -> bytes:
    return _edit_payload(good, b"2025-06-01", b"2025-05-01")


def change_signed_time(good: bytes) -> bytes:
    return _edit_payload(good, b'"sealed_at":"2025', b'"sealed_at":"2024')


def _with_payload(good: bytes, payload: bytes) -> bytes:
    return dsse.encode(replace(dsse.parse(unpack(good)[STATEMENT]), payload=payload))


def _edit_payload(good: bytes, old: bytes, new: bytes) -> bytes:
    return pack(
        unpack(good) | {STATEMENT: _with_payload(good, dsse.parse(unpack(good)[STATEMENT]).payload.replace(old, new))}
    )


def _with_signature(good: bytes, signature: bytes) -> bytes:
    return _edit_envelope(good, lambda e: e["signatures"][0].update(sig=base64.b64encode(signature).decode()))


def _edit_envelope(good: bytes, edit: Callable[[dict[str, object]], object]) -> bytes:
    envelope = json.loads(unpack(good)[STATEMENT])
    edit(envelope)
    return pack(unpack(good) | {STATEMENT: canonical_bytes(envelope)})


def _replace_in_envelope(good: bytes, old: bytes, new: bytes) -> bytes:
    return pack(unpack(good) | {STATEMENT: unpack(good)[STATEMENT].replace(old, new)})
