"""The part of `audit.yaml` that says where runs are logged and who witnesses, and how it becomes a ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from evidence import ledger_key, note
from evidence.errors import BadInput, OutputFailed, Place, Problem
from evidence.ledger import Cosigner, Ledger, Shelf
from evidence.ledger_key import LEDGER_KEY, WITNESS_KEY
from evidence.model import Closed
from evidence.note import KeyType, NoteKey
from evidence.trust import MAX_VKEY_BYTES
from evidence.trust_files import WITNESS_VKEY
from evidence.witness import Witness
from infra.ledger_folder import LedgerFolder
from infra.store_s3 import BucketName, Endpoint, Region
from infra.witness_folder import WitnessFolder

DEFAULT = "ledger"
S3 = "s3://"


class WitnessService(Closed):
    """A witness that answers as c2sp.org/tlog-witness says."""

    url: str = Field(pattern=r"^https?://", description="its submission prefix, such as https://witness.example")
    vkey: str = Field(min_length=1, description="file with its verifier key, relative to the engagement")


class _Logged(Closed):
    key: str | None = Field(
        default=None, min_length=1, description="file with the ledger's key; `ledger.key` among the signer's without it"
    )
    witness: WitnessService | None = Field(default=None, description="who cosigns every checkpoint")


class FolderLedger(_Logged):
    """A ledger in a folder that every run may write to."""

    kind: Literal["folder"]
    path: str = Field(min_length=1, description="folder of the ledger, relative to the engagement")


class BucketLedger(_Logged):
    """A ledger in an S3 bucket, written with `If-None-Match`; identity comes from the standard AWS chain."""

    kind: Literal["s3"]
    bucket: BucketName = Field(description="bucket of the ledger")
    prefix: str = Field(default="ledger", max_length=200, description="what its names begin with")
    region: Region | None = Field(default=None, description="AWS region; that of the environment without it")
    endpoint: Endpoint | None = Field(default=None, description="another service than AWS; or AWS_ENDPOINT_URL")


LedgerPlace: TypeAlias = Annotated[FolderLedger | BucketLedger, Field(discriminator="kind")]


def open_ledger(folder: Path, config: FolderLedger | BucketLedger | None, keys: str | None) -> Ledger | None:
    """Return the ledger; None when the audit file names none and the signer's keys have none for it.

    `keys` is the signer's folder of private keys, if it has one. BadInput when a key cannot be used.
    """
    beside = folder / keys / LEDGER_KEY if keys is not None else None
    if config is None:
        if beside is None or not beside.exists():
            return None
        config = FolderLedger(kind="folder", path=DEFAULT)
    path = folder / config.key if config.key is not None else beside or folder / LEDGER_KEY
    signer = ledger_key.load(path, KeyType.LOG)
    if isinstance(config, FolderLedger):
        return Ledger(LedgerFolder(folder / config.path), signer, _cosigner(folder, config.witness))
    shelf = _bucket(config.bucket, config.prefix, config.region, config.endpoint)
    return Ledger(shelf, signer, _cosigner(folder, config.witness))


def open_shelf(address: str) -> Shelf:
    """Return where a ledger lies: a folder, or `s3://BUCKET/PREFIX`; BadInput when there is no such folder."""
    if address.startswith(S3):
        bucket, _, prefix = address.removeprefix(S3).partition("/")
        return _bucket(bucket, prefix)
    if not (Path(address) / "leaves").is_dir():
        hint = "give the folder that the audit file calls ledger"
        raise BadInput(Problem("T005", "there is no ledger", Place(address), hint))
    return LedgerFolder(Path(address))


def open_witness(folder: Path, logs: Sequence[Path], now: Callable[[], datetime]) -> Witness:
    """Return the witness that lives in a folder, for the ledgers whose verifier keys are given; make its key once."""
    path = folder / WITNESS_KEY
    known = [read_vkey(log, KeyType.LOG) for log in logs]
    if not path.exists():
        _make_witness(folder)
    return Witness(
        ledger_key.load(path, KeyType.WITNESS), {k.name: k for k in known}, WitnessFolder(folder / "seen"), now
    )


def read_vkey(path: Path, kind: KeyType) -> NoteKey:
    """Read a verifier key of a file; BadInput when it is absent or malformed."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_VKEY_BYTES).decode(errors="replace")
    except OSError as cause:
        raise BadInput(Problem("K020", f"cannot be read ({cause.strerror})", Place(str(path)))) from cause
    return note.parse_vkey(text, kind, str(path))


def _cosigner(folder: Path, service: WitnessService | None) -> Cosigner | None:
    if service is None:
        return None
    from infra.witness_http import submission  # noqa: PLC0415 - only witnessed ledgers need HTTP

    return submission(service.url, read_vkey(folder / service.vkey, KeyType.WITNESS))


def _bucket(bucket: str, prefix: str, region: str | None = None, endpoint: str | None = None) -> Shelf:
    from infra.ledger_s3 import open_bucket  # noqa: PLC0415 - boto3 takes a second to import

    return open_bucket(bucket, prefix, region, endpoint)


def _make_witness(folder: Path) -> None:
    signer = ledger_key.witness_signer()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text, mode in ((WITNESS_KEY, signer.encode(), 0o600), (WITNESS_VKEY, signer.key.vkey, 0o644)):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{text}\n")
    except OSError as cause:
        raise OutputFailed(f"{folder}: the witness's key cannot be written ({cause.strerror})") from cause
