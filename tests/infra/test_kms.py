"""Keys in AWS KMS, against an imitation of it on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moto.server import ThreadedMotoServer

from evidence import dsse, mldsa, p256
from evidence.errors import BadInput, LimitExceeded, OutputFailed
from infra.kms import KmsSigner
from infra.signers import open_signer

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patched.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patched.setenv("AWS_ACCESS_KEY_ID", "testing")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield "eu-central-1"
    server.stop()


def new_key(region: str, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> dict:
    client = boto3.client("kms", region_name=region)
    return client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]


class Recording:
    """A client that answers with a key of its own and keeps what it was asked."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | MLDSA65PrivateKey) -> None:
        self.key, self.asked = key, []

    def get_public_key(self, **arguments: object) -> dict:
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"PublicKey": public, "KeyUsage": "SIGN_VERIFY"}

    def sign(self, **arguments: object) -> dict:
        self.asked.append(arguments)
        return {"Signature": self.key.sign(arguments["Message"])}


@pytest.mark.parametrize("name", ["id", "alias", "arn"])
def test_key_signs_a_statement_and_stays_where_it_is(service: str, name: str) -> None:
    key = new_key(service)
    alias = f"alias/seal-{name}"
    boto3.client("kms", region_name=service).create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    uri = {"id": key["KeyId"], "alias": alias, "arn": key["Arn"]}[name]
    signer = open_signer(f"awskms:{uri}", p256.ALGORITHM, Path(), None)
    envelope = dsse.parse(dsse.sign(b'{"a":1}', [signer]))
    dsse.check(envelope.payload, envelope.signatures[0], signer.public_key)


def test_message_is_sent_raw_and_whole() -> None:
    client = Recording(MLDSA65PrivateKey.from_seed_bytes(bytes(32)))
    signer = KmsSigner(client, "k")
    assert len(signer.sign(b"x" * 4096)) == 3309
    asked = {key: client.asked[0][key] for key in ("MessageType", "SigningAlgorithm", "Message")}
    assert asked == {"MessageType": "RAW", "SigningAlgorithm": "ML_DSA_SHAKE_256", "Message": b"x" * 4096}


def test_message_longer_than_the_service_signs_is_refused_before_it_is_sent() -> None:
    client = Recording(MLDSA65PrivateKey.from_seed_bytes(bytes(32)))
    with pytest.raises(LimitExceeded, match="4097 bytes"):
        KmsSigner(client, "k").sign(b"x" * 4097)
    assert client.asked == []


@pytest.mark.parametrize(("spec", "usage"), [("ECC_NIST_P384", "SIGN_VERIFY"), ("RSA_2048", "SIGN_VERIFY")])
def test_key_of_another_kind_is_refused_when_it_is_opened(service: str, spec: str, usage: str) -> None:
    with pytest.raises(BadInput, match="not a key that can sign"):
        open_signer(f"awskms:{new_key(service, spec, usage)['KeyId']}", p256.ALGORITHM, Path(), None)


def test_absent_key_is_our_failure_and_names_the_operation(service: str) -> None:
    with pytest.raises(OutputFailed, match="get_public_key failed"):
        open_signer("awskms:00000000-0000-4000-8000-000000000000", p256.ALGORITHM, Path(), None)


def test_key_for_another_purpose_is_refused(service: str) -> None:
    with pytest.raises(BadInput, match="not a key for ml-dsa-65"):
        open_signer(f"awskms:{new_key(service)['KeyId']}", mldsa.ALGORITHM, Path(), None)
