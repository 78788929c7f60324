"""Keys in AWS KMS: they sign there and never leave."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from evidence import p256
from evidence.errors import BadInput, LimitExceeded, OutputFailed, Place, Problem
from evidence.signer import PublicKey
from infra.s3 import FAILURES, code_of

MAX_RAW_BYTES = 4096  # of a message that KMS hashes itself
_P256, _ML_DSA_65 = "ECDSA_SHA_256", "ML_DSA_SHAKE_256"


class KmsSigner:
    """Signs with an asymmetric key of AWS KMS, always with `MessageType` RAW.

    With DIGEST the service is told a hash and cannot know of what; some imitations of it even hash once more.
    """

    def __init__(self, client: Any, key: str) -> None:
        """Ask for the public key at once: a key that may not be used must not be noticed only when sealing."""
        self._client, self._key = client, key
        answer = self._ask("get_public_key", KeyId=key)
        found = load_der_public_key(answer["PublicKey"])
        suitable = isinstance(found, MLDSA65PublicKey) or (
            isinstance(found, ec.EllipticCurvePublicKey) and isinstance(found.curve, ec.SECP256R1)
        )
        if not suitable or answer.get("KeyUsage") != "SIGN_VERIFY":
            hint = "use a key of the spec ECC_NIST_P256 or ML_DSA_65 for SIGN_VERIFY"
            raise BadInput(Problem("K011", "is not a key that can sign a bundle", Place(f"awskms:{key}"), hint))
        self._public_key: PublicKey = found  # type: ignore[assignment]  # narrowed above

    @property
    def public_key(self) -> PublicKey:
        """Return the public half of the key."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message of at most `MAX_RAW_BYTES`; that of P-256 in its low-s form."""
        if len(message) > MAX_RAW_BYTES:
            raise LimitExceeded(f"a message of {len(message)} bytes exceeds the {MAX_RAW_BYTES} that KMS signs")
        elliptic = isinstance(self._public_key, ec.EllipticCurvePublicKey)
        algorithm = _P256 if elliptic else _ML_DSA_65
        answer = self._ask("sign", KeyId=self._key, Message=message, MessageType="RAW", SigningAlgorithm=algorithm)
        signature: bytes = answer["Signature"]
        return p256.low_s(signature) if elliptic else signature

    def rehearse(self) -> None:
        """Ask whether the key may sign, without a signature; raises `OutputFailed` where it may not."""
        algorithm = _P256 if isinstance(self._public_key, ec.EllipticCurvePublicKey) else _ML_DSA_65
        try:
            self._client.sign(
                KeyId=self._key, Message=b"rehearsal", MessageType="RAW", SigningAlgorithm=algorithm, DryRun=True
            )
        except FAILURES as cause:
            # The service answers a permitted rehearsal with this error (AWS KMS API reference, "Testing permissions").
            if code_of(cause) != "DryRunOperationException":
                raise OutputFailed(f"awskms:{self._key}: may not sign ({cause})") from cause

    def _ask(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except FAILURES as cause:
            raise OutputFailed(f"awskms:{self._key}: {operation} failed ({cause})") from cause


def open_key(key: str) -> KmsSigner:
    """Return the signer for a key id, an alias (`alias/…`) or an ARN, which also names the region."""
    region = key.split(":")[3] if key.startswith("arn:") and key.count(":") >= 5 else None
    try:
        client = boto3.client("kms", region_name=region)
    except (BotoCoreError, ValueError) as cause:
        hint = "give the key's ARN, or set AWS_DEFAULT_REGION"
        raise BadInput(Problem("K011", f"cannot be reached ({cause})", Place(f"awskms:{key}"), hint)) from cause
    return KmsSigner(client, key)
