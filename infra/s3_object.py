"""One object on its way into S3: sent with checksums if its name is free, and the version that came of it read back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from evidence.container import CHUNK, Slice, chunks_of
from evidence.errors import OutputFailed
from infra.s3 import FAILURES, TAKEN, checksummed, code_of, explain

#: A larger file goes up in parts of this size, so that memory stays bounded; S3 takes 10,000 of them.
PART_BYTES = 16 * 1024 * 1024
READS = 3  # of one version; a connection that breaks in the middle of a body is not tried again by the client


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and where it goes, the digest it must come back with, and until when it is locked, if at all."""

    bucket: str
    key: str
    file: Path
    size: int
    sha256: str
    kms_key: str
    until: datetime | None

    @property
    def where(self) -> str:
        """Return the address."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def _name(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    @property
    def _attributes(self) -> dict[str, Any]:
        stated: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}
        if self.until is not None:
            stated |= {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": self.until}
        return stated

    def send(self, client: Any, part_bytes: int = PART_BYTES) -> Sent | None:
        """Write with `If-None-Match: *` and return the version that came of it; None when the name is taken."""
        try:
            whole = self.size <= part_bytes
            return Sent(_version(self._send_whole(client) if whole else self._send_in_parts(client, part_bytes)))
        except FAILURES as cause:
            if code_of(cause) in TAKEN:
                return None
            raise explain("write", self.where, cause) from cause

    def _send_whole(self, client: Any) -> Mapping[str, Any]:
        stated = self._attributes | checksummed(self.file.read_bytes())
        answer: Mapping[str, Any] = client.put_object(**self._name, **stated, IfNoneMatch="*")
        return answer

    def _send_in_parts(self, client: Any, part_bytes: int) -> Mapping[str, Any]:
        name = self._name
        begun = client.create_multipart_upload(**name, **self._attributes, ChecksumAlgorithm="SHA256")["UploadId"]
        try:
            sent = [self._send_part(client, begun, n, data) for n, data in enumerate(self._parts(part_bytes), start=1)]
            parts = {"Parts": sent}
            answer: Mapping[str, Any] = client.complete_multipart_upload(
                **name, UploadId=begun, MultipartUpload=parts, IfNoneMatch="*"
            )
        except BaseException:
            self._abort(client, begun)
            raise
        return answer

    def _send_part(self, client: Any, begun: str, number: int, data: bytes) -> dict[str, Any]:
        stated = checksummed(data)
        answer = client.upload_part(**self._name, **stated, UploadId=begun, PartNumber=number)
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": stated["ChecksumSHA256"]}

    def _parts(self, size: int) -> Iterator[bytes]:
        for offset in range(0, self.size, size):
            yield b"".join(chunks_of(Slice(self.file, offset, size)))

    def _abort(self, client: Any, begun: str) -> None:
        try:
            client.abort_multipart_upload(**self._name, UploadId=begun)
        except FAILURES:
            return  # the bucket's lifecycle removes what is never completed

    def read_back(self, client: Any, version: str | None) -> Returned:
        """Return what the service says of a version (None: of the newest) with the digest and size of what it sends."""
        which = {} if version is None else {"VersionId": version}
        for attempt in range(READS):
            try:
                answer = client.get_object(**self._name, **which)
                digest, size = hashlib.sha256(), 0
                for chunk in answer["Body"].iter_chunks(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
            except ClientError as cause:
                raise explain("read back", self.where, cause) from cause
            except FAILURES as cause:
                if attempt + 1 == READS:
                    raise explain("read back", self.where, cause) from cause
            else:
                return Returned(answer, digest.hexdigest(), size)
        raise OutputFailed(f"cannot read back {self.where}: no attempt was allowed")


@dataclass(frozen=True, slots=True)
class Sent:
    """That an object was written, and its version; None where the bucket keeps none."""

    version: str | None


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: the service's answer, and the SHA-256 and size of the bytes it sent."""

    answer: Mapping[str, Any]
    sha256: str
    size: int

    @property
    def version(self) -> str | None:
        """Return the version that was read; None where nothing is versioned."""
        return _version(self.answer)


def upload(bucket: str, key: str, file: Path, kms_key: str, until: datetime | None) -> Upload:
    """Return a file measured for its way; it is read once."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks_of(file):
        digest.update(chunk)
        size += len(chunk)
    return Upload(bucket, key, file, size, digest.hexdigest(), kms_key, until)


def _version(answer: Mapping[str, Any]) -> str | None:
    found = answer.get("VersionId")
    return None if found in {None, "null"} else str(found)
