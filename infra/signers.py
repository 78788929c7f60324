"""Opens the signer that a URI names: `awskms:KEY`, `pkcs11:…`, or a file with a PKCS#8 key."""

from __future__ import annotations

from pathlib import Path

from evidence.signer import LocalSigner, Signer

AWS_KMS, PKCS11 = "awskms:", "pkcs11:"


def open_signer(uri: str, algorithm: str, folder: Path, passphrase: str | None) -> Signer:
    """Return a signer; a path is relative to `folder`. BadInput or OutputFailed when the key cannot be used now."""
    if uri.startswith(AWS_KMS):
        from infra import kms  # noqa: PLC0415 - boto3 takes a second to import

        return kms.open_key(uri.removeprefix(AWS_KMS))
    if uri.startswith(PKCS11):
        from infra import pkcs11  # noqa: PLC0415 - an extra of its own

        return pkcs11.open_key(uri)
    return LocalSigner.load(folder / uri, algorithm, passphrase)
