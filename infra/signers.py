"""Opens the signer that a URI names: `awskms:KEY`, `pkcs11:…`, or a file with a PKCS#8 key."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from evidence import mldsa
from evidence.errors import BadInput, Place, Problem
from evidence.signer import LocalSigner, Signer

AWS_KMS, PKCS11 = "awskms:", "pkcs11:"


def open_signer(uri: str, algorithm: str, folder: Path, passphrase: str | None) -> Signer:
    """Return a signer; a path is relative to `folder`. BadInput or OutputFailed when the key cannot be used now."""
    signer = _opened(uri, algorithm, folder, passphrase)
    if isinstance(signer.public_key, MLDSA65PublicKey) != (algorithm == mldsa.ALGORITHM):
        hint = "name a key of this algorithm, or another key for this purpose"
        raise BadInput(Problem("K002", f"is not a key for {algorithm}", Place(uri.partition("?")[0]), hint))
    return signer


def _opened(uri: str, algorithm: str, folder: Path, passphrase: str | None) -> Signer:
    if uri.startswith(AWS_KMS):
        from infra import kms  # noqa: PLC0415 - boto3 takes a second to import

        return kms.open_key(uri.removeprefix(AWS_KMS))
    if uri.startswith(PKCS11):
        from infra import pkcs11  # noqa: PLC0415 - an extra of its own

        return pkcs11.open_key(uri)
    return LocalSigner.load(folder / uri, algorithm, passphrase)
