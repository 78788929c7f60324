"""DSSE envelopes (secure-systems-lab DSSE v1.0.2): one payload type, one byte sequence, one or two signatures.

The first signature is the P-256 one; a second is ML-DSA-65. Algorithm and key are those the reader pinned.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from evidence import mldsa, p256
from evidence.canonical import Json, canonical_bytes, strict_json
from evidence.errors import BadSignature, LimitExceeded
from evidence.signer import PublicKey, Signer
from evidence.spki import digest_of_key

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_PAE_BYTES = 4095  # AWS KMS signs raw messages of at most 4,096 bytes
MAX_ENVELOPE_BYTES = 16 * 1024
MAX_SIGNATURES = 2


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; `key_id` is a hint and never chooses the key."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its signatures, the P-256 one first."""

    payload: bytes
    signatures: tuple[Signature, ...]


def pae(payload: bytes) -> bytes:
    """Return the pre-authentication encoding, the bytes that are signed (DSSE protocol, "PAE")."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def sign(payload: bytes, signers: Sequence[Signer]) -> bytes:
    """Return the envelope's bytes; LimitExceeded when the message is longer than signing services accept.

    1. the message is short enough; 2. a P-256 signature takes its low-s form; 3. the signer's own key verifies it, so
    that a faulty signing service is noticed now and not years later.
    """
    message = pae(payload)
    if len(message) > MAX_PAE_BYTES:  # 1
        raise LimitExceeded(f"a signed message of {len(message)} bytes exceeds the limit of {MAX_PAE_BYTES}")
    return encode(Envelope(payload, tuple(_signed(message, signer) for signer in signers)))


def _signed(message: bytes, signer: Signer) -> Signature:
    key, signature = signer.public_key, signer.sign(message)
    if isinstance(key, ec.EllipticCurvePublicKey):
        signature = p256.low_s(signature)  # 2
    _check_signature(key, signature, message)  # 3
    return Signature(digest_of_key(key), signature)


def encode(envelope: Envelope) -> bytes:
    """Return the canonical JSON of an envelope (RFC 8785; base64 of RFC 4648 section 4)."""
    signatures = [{"keyid": s.key_id, "sig": base64.b64encode(s.signature).decode()} for s in envelope.signatures]
    payload = base64.b64encode(envelope.payload).decode()
    return canonical_bytes({"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": signatures})


def parse(data: bytes) -> Envelope:
    """Read an envelope; BadSignature unless it is exactly what `encode` writes for the same content.

    Nothing is verified here. Re-encoding refuses every second spelling at once: white space, key order, escapes,
    unknown fields, non-canonical base64.
    """
    value = strict_json(data, what="envelope", error=_malformed)
    if not isinstance(value, dict) or set(value) != {"payload", "payloadType", "signatures"}:
        raise _malformed("envelope: must have exactly payload, payloadType and signatures")
    if value["payloadType"] != PAYLOAD_TYPE:
        raise BadSignature("PAYLOAD_TYPE", f"payloadType is not {PAYLOAD_TYPE}")
    envelope = Envelope(_bytes(value["payload"], "payload"), _signatures(value["signatures"]))
    if encode(envelope) != data:
        raise _malformed("envelope: not in canonical form (RFC 8785, RFC 4648)")
    return envelope


def check(payload: bytes, signature: Signature, public_key: PublicKey) -> None:
    """Verify one signature with the pinned key (BUNDLE.md step 6); BadSignature otherwise.

    1. the signature names the pinned key; 2. the pinned key, with the algorithm of the pinned key, made it.
    """
    if signature.key_id != digest_of_key(public_key):  # 1
        raise BadSignature("WRONG_KEY", f"signed by key {signature.key_id[:16]}…, which the trust folder does not hold")
    _check_signature(public_key, signature.signature, pae(payload))  # 2


def _check_signature(public_key: PublicKey, signature: bytes, message: bytes) -> None:
    if isinstance(public_key, MLDSA65PublicKey):
        mldsa.check(public_key, signature, message)
    else:
        p256.check(public_key, signature, message)


def _signatures(value: Json) -> tuple[Signature, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_SIGNATURES:
        raise BadSignature("SIGNATURE_COUNT", f"a bundle has one to {MAX_SIGNATURES} signatures over its statement")
    return tuple(_signature(entry) for entry in value)


def _signature(entry: Json) -> Signature:
    if not isinstance(entry, dict) or set(entry) != {"keyid", "sig"}:
        raise _malformed("envelope: a signature must have exactly keyid and sig")
    key = entry["keyid"]
    if not isinstance(key, str) or not key.isascii():
        raise _malformed("envelope: keyid must be hexadecimal text")
    return Signature(key, _bytes(entry["sig"], "sig"))


def _bytes(value: Json, field: str) -> bytes:
    if not isinstance(value, str):
        raise _malformed(f"envelope: {field} must be base64 text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise _malformed(f"envelope: {field} is not base64") from cause


def _malformed(message: str) -> BadSignature:
    return BadSignature("ENVELOPE_FORM", message)
