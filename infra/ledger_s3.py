"""A ledger in an S3 bucket: conditional writes (`If-None-Match: *`) take each name once, whoever comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from evidence.errors import OutputFailed, ProbityError
from infra.s3 import ABSENT, FAILURES, TAKEN, checksummed, code_of, explain, open_client

MAX_BYTES = 64 * 1024


class LedgerBucket:
    """`leaves/` and `checkpoints/` below a prefix. Leaves are remembered once read: they never change."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._known: dict[str, bytes] = {}

    def names(self) -> Sequence[str]:
        """Return the names of all leaves and checkpoints."""
        found: list[str] = []
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            ):
                found += [item["Key"].removeprefix(self._prefix) for item in page.get("Contents", ())]
        except FAILURES as cause:
            raise self._failed("list", cause) from cause
        return found

    def read(self, name: str) -> bytes | None:
        """Return a leaf or a checkpoint, or None when there is none of that name."""
        if name in self._known:
            return self._known[name]
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            data: bytes = answer["Body"].read(MAX_BYTES)
        except ClientError as cause:
            if code_of(cause) in ABSENT:
                return None
            raise self._failed("read", cause) from cause
        except FAILURES as cause:
            raise self._failed("read", cause) from cause
        self._known[name] = data
        return data

    def create(self, name: str, data: bytes) -> bool:
        """Write under a name that is free and read it back; return whether it was free."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, IfNoneMatch="*", **checksummed(data))
        except ClientError as cause:
            if code_of(cause) in TAKEN:
                return False
            raise self._failed("write", cause) from cause
        except FAILURES as cause:
            raise self._failed("write", cause) from cause
        if self.read(name) != data:
            raise OutputFailed(f"s3://{self._bucket}/{self._prefix}{name}: came back otherwise than it was written")
        return True

    def _failed(self, verb: str, cause: Exception) -> ProbityError:
        return explain(verb, f"the ledger in s3://{self._bucket}/{self._prefix}", cause)


def open_bucket(bucket: str, prefix: str, region: str | None = None, endpoint: str | None = None) -> LedgerBucket:
    """Return the ledger in a bucket; region and endpoint are the environment's where none is given."""
    return LedgerBucket(open_client(region, endpoint, f"s3://{bucket}"), bucket, prefix)
