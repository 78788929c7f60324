"""DSSE envelopes (secure-systems-lab DSSE v1.0.2): one payload type, one signature, one byte sequence."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from evidence import p256
from evidence.canonical import Json, canonical_bytes, strict_json
from evidence.errors import BadSignature, LimitExceeded
from evidence.signer import Signer

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_PAE_BYTES = 4095  # AWS KMS signs raw messages of at most 4,096 bytes
MAX_ENVELOPE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its one signature; `key_id` is a hint and never chooses the key."""

    payload: bytes
    key_id: str
    signature: bytes


def pae(payload: bytes) -> bytes:
    """Return the pre-authentication encoding, the bytes that are signed (DSSE protocol, "PAE")."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def sign(payload: bytes, signer: Signer) -> bytes:
    """Return the envelope's bytes; LimitExceeded when the message is longer than signing services accept.

    1. the message is short enough; 2. the signature takes its low-s form; 3. the signer's own key verifies it,
    so that a faulty signing service is noticed now and not years later.
    """
    message = pae(payload)
    if len(message) > MAX_PAE_BYTES:  # 1
        raise LimitExceeded(f"a signed message of {len(message)} bytes exceeds the limit of {MAX_PAE_BYTES}")
    signature = p256.low_s(signer.sign(message))  # 2
    p256.check(signer.public_key, signature, message)  # 3
    return encode(Envelope(payload, p256.key_id(signer.public_key), signature))


def encode(envelope: Envelope) -> bytes:
    """Return the canonical JSON of an envelope (RFC 8785; base64 of RFC 4648 section 4)."""
    signature = {"keyid": envelope.key_id, "sig": base64.b64encode(envelope.signature).decode()}
    payload = base64.b64encode(envelope.payload).decode()
    return canonical_bytes({"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": [signature]})


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
    key, signature = _only_signature(value["signatures"])
    envelope = Envelope(_bytes(value["payload"], "payload"), key, _bytes(signature, "sig"))
    if encode(envelope) != data:
        raise _malformed("envelope: not in canonical form (RFC 8785, RFC 4648)")
    return envelope


def check(envelope: Envelope, public_key: ec.EllipticCurvePublicKey) -> None:
    """Verify the envelope with the pinned key (BUNDLE.md step 6); BadSignature otherwise.

    1. the envelope names the pinned key; 2. the pinned key, with the algorithm of the pinned key, made the signature.
    """
    if envelope.key_id != p256.key_id(public_key):  # 1
        raise BadSignature("WRONG_KEY", f"signed by key {envelope.key_id[:16]}…, which the trust folder does not hold")
    p256.check(public_key, envelope.signature, pae(envelope.payload))  # 2


def _only_signature(value: Json) -> tuple[str, Json]:
    if not isinstance(value, list) or len(value) != 1:
        raise BadSignature("SIGNATURE_COUNT", "this form of bundle has exactly one signature")
    (entry,) = value
    if not isinstance(entry, dict) or set(entry) != {"keyid", "sig"}:
        raise _malformed("envelope: a signature must have exactly keyid and sig")
    key = entry["keyid"]
    if not isinstance(key, str) or not key.isascii():
        raise _malformed("envelope: keyid must be hexadecimal text")
    return key, entry["sig"]


def _bytes(value: Json, field: str) -> bytes:
    if not isinstance(value, str):
        raise _malformed(f"envelope: {field} must be base64 text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise _malformed(f"envelope: {field} is not base64") from cause


def _malformed(message: str) -> BadSignature:
    return BadSignature("ENVELOPE_FORM", message)
