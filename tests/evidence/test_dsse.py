from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from evidence import dsse, p256
from evidence.errors import BadSignature, LimitExceeded
from tests.evidence.sealed import SIGNER, STRANGER

ENVELOPE = dsse.sign(b'{"a":1}', [SIGNER])


class HighSigner:
    """A signer such as a signing service, which returns s from either half."""

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return SIGNER.public_key

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(SIGNER.sign(message))
        return encode_dss_signature(r, p256.ORDER - s)


class FaultySigner(HighSigner):
    """A signer whose key is not the one it shows."""

    def sign(self, message: bytes) -> bytes:
        return STRANGER.sign(message)


def test_encoding_before_signing_is_that_of_the_specification() -> None:
    assert dsse.pae(b"hello") == b"DSSEv1 28 application/vnd.in-toto+json 5 hello"


def test_signed_envelope_verifies_with_its_key() -> None:
    envelope = dsse.parse(ENVELOPE)
    dsse.check(envelope.payload, envelope.signatures[0], SIGNER.public_key)
    assert envelope.payload == b'{"a":1}'


def test_signing_twice_gives_the_same_bytes() -> None:
    assert dsse.sign(b'{"a":1}', [SIGNER]) == ENVELOPE


def test_another_key_does_not_verify() -> None:
    with pytest.raises(BadSignature, match="WRONG_KEY"):
        dsse.check(dsse.parse(ENVELOPE).payload, dsse.parse(ENVELOPE).signatures[0], STRANGER.public_key)


def test_high_s_of_a_signing_service_is_lowered() -> None:
    assert dsse.sign(b'{"a":1}', [HighSigner()]) == ENVELOPE


def test_signer_that_signs_with_another_key_is_noticed_when_sealing() -> None:
    with pytest.raises(BadSignature, match="BAD_SIGNATURE"):
        dsse.sign(b"{}", [FaultySigner()])


def test_message_stays_below_what_signing_services_accept() -> None:
    room = dsse.MAX_PAE_BYTES - len(dsse.pae(b"")) - 3  # the length takes four digits instead of one
    assert len(dsse.pae(b"x" * room)) == dsse.MAX_PAE_BYTES < 4096
    dsse.sign(b"x" * room, [SIGNER])
    with pytest.raises(LimitExceeded, match="4096 bytes exceeds"):
        dsse.sign(b"x" * (room + 1), [SIGNER])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('{"payload":"', '{"payload": "', "ENVELOPE_FORM"),
        ('{"payload":"', '{"extra":1,"payload":"', "ENVELOPE_FORM"),
        ('{"payload":"', '{"payload":"","payload":"', "ENVELOPE_FORM"),
        ('"payload":"', '"payload":"\\u0065', "ENVELOPE_FORM"),
        ("eyJhIjoxfQ==", "eyJhIjoxfR==", "ENVELOPE_FORM"),  # other bits that decode to the same bytes
        ("eyJhIjoxfQ==", "eyJhIjoxfQ", "ENVELOPE_FORM"),
        ("eyJhIjoxfQ==", "eyJh\\nIjoxfQ==", "ENVELOPE_FORM"),
        ("eyJhIjoxfQ==", "é", "ENVELOPE_FORM"),
        ("vnd.in-toto+json", "vnd.in-toto", "PAYLOAD_TYPE"),
        ('"signatures":[', '"signatures":[1,1,', "SIGNATURE_COUNT"),
        ('"signatures":[', '"signatures":[1,', "ENVELOPE_FORM"),
        ('"keyid":"', '"keyid":"é', "ENVELOPE_FORM"),
        ('"keyid":"', '"keyId":"', "ENVELOPE_FORM"),
    ],
)
def test_second_spelling_of_an_envelope_is_refused(old: str, new: str, reason: str) -> None:
    assert old in ENVELOPE.decode()
    with pytest.raises(BadSignature, match=reason):
        dsse.parse(ENVELOPE.decode().replace(old, new).encode())


@pytest.mark.parametrize(
    "envelope",
    [
        None,
        [],
        {},
        {"payload": 1, "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "0", "sig": ""}]},
        {"payload": "", "payloadType": dsse.PAYLOAD_TYPE, "signatures": {}},
        {"payload": "", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": 2**70, "sig": ""}]},
        {"payload": "", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "0", "sig": None}]},
    ],
)
def test_what_is_no_envelope_is_refused(envelope: object) -> None:
    with pytest.raises(BadSignature):
        dsse.parse(json.dumps(envelope).encode())


@pytest.mark.parametrize("signature", [b"", b"\x30\x00", b"x", bytes(64), ENVELOPE, encode_dss_signature(0, 1)])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    envelope = json.loads(ENVELOPE)
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    parsed = dsse.parse(json.dumps(envelope, separators=(",", ":")).encode())
    with pytest.raises(BadSignature, match="SIGNATURE_FORM"):
        dsse.check(parsed.payload, parsed.signatures[0], SIGNER.public_key)


@pytest.mark.parametrize(("r", "s"), [(p256.ORDER, 1), (1, p256.ORDER), (2**600, 1)])
def test_numbers_outside_the_group_are_refused(r: int, s: int) -> None:
    with pytest.raises(BadSignature, match="SIGNATURE_FORM"):
        p256.check(SIGNER.public_key, encode_dss_signature(r, s), b"")


def test_border_between_low_and_high_s_is_half_the_order() -> None:
    half = p256.ORDER // 2
    assert p256.low_s(encode_dss_signature(1, half)) == encode_dss_signature(1, half)
    assert p256.low_s(encode_dss_signature(1, half + 1)) == encode_dss_signature(1, half)
