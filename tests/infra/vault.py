"""An imitation of S3 for what moto cannot show: a lock that nobody shortens, and checksums that are looked at.

It does what the AWS documentation says of versioning, conditional writes and compliance mode, and no more.
"""
# ruff: noqa: N803 - the arguments of boto3

from __future__ import annotations

import base64
import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

NOW = datetime(2025, 7, 2, 10, tzinfo=UTC)


def refused(code: str, operation: str = "Request") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} by the imitation"}}, operation)


@dataclass
class Version:
    data: bytes
    stated: dict[str, Any]
    id: str
    at: datetime

    def answer(self) -> dict[str, Any]:
        names = ("ServerSideEncryption", "SSEKMSKeyId", "ObjectLockMode", "ObjectLockRetainUntilDate")
        said = {name: self.stated[name] for name in names if name in self.stated}
        return {"VersionId": self.id, "LastModified": self.at, "Body": Body(self.data), **said}

    def locked(self, now: datetime) -> bool:
        return self.stated.get("ObjectLockMode") == "COMPLIANCE" and self.stated["ObjectLockRetainUntilDate"] > now


class Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Iterator[bytes]:
        return iter(lambda: self.read(size), b"")


@dataclass
class Bucket:
    versioning: str | None = "Enabled"
    lock: bool = True
    default: str | None = None
    keys: dict[str, list[Version]] = field(default_factory=dict)


class Vault:
    """A client. `largest` is the size of the largest body that was ever sent at once."""

    def __init__(self, **buckets: Bucket) -> None:
        self.buckets = buckets
        self.now, self.largest = NOW, 0
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.unfinished: dict[str, tuple[dict[str, Any], dict[int, bytes]]] = {}
        self._ids = (f"v{number}" for number in itertools.count(1))

    def get_bucket_versioning(self, Bucket: str) -> dict[str, Any]:
        status = self._bucket(Bucket).versioning
        return {} if status is None else {"Status": status}

    def get_object_lock_configuration(self, Bucket: str) -> dict[str, Any]:
        bucket = self._bucket(Bucket)
        if not bucket.lock:
            raise refused("ObjectLockConfigurationNotFoundError")
        rule = {"Rule": {"DefaultRetention": {"Mode": bucket.default, "Days": 1}}} if bucket.default else {}
        return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **rule}}

    def put_object(self, **stated: Any) -> dict[str, Any]:
        return self._put(stated, self._body(stated))

    def create_multipart_upload(self, **stated: Any) -> dict[str, Any]:
        upload = f"u{len(self.asked)}"
        self.asked.append(("create_multipart_upload", stated))
        self.unfinished[upload] = (stated, {})
        return {"UploadId": upload}

    def upload_part(self, **stated: Any) -> dict[str, Any]:
        self.unfinished[stated["UploadId"]][1][stated["PartNumber"]] = self._body(stated)
        return {"ETag": f"e{stated['PartNumber']}"}

    def complete_multipart_upload(self, **stated: Any) -> dict[str, Any]:
        begun, parts = self.unfinished[stated["UploadId"]]
        listed = stated["MultipartUpload"]["Parts"]
        assert [p["PartNumber"] for p in listed] == sorted(parts)
        assert [p["ChecksumSHA256"] for p in listed] == [checksum(parts[n]) for n in sorted(parts)]
        answer = self._put(begun | stated, b"".join(parts[n] for n in sorted(parts)))
        del self.unfinished[stated["UploadId"]]
        return answer

    def abort_multipart_upload(self, **stated: Any) -> None:
        del self.unfinished[stated["UploadId"]]

    def get_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        self.asked.append(("get_object", {"Key": Key, "VersionId": VersionId}))
        found = [v for v in self._bucket(Bucket).keys.get(Key, []) if VersionId in {None, v.id}]
        if not found:
            raise refused("NoSuchKey")
        return found[-1].answer()

    def put_object_retention(self, Bucket: str, Key: str, Retention: dict[str, Any]) -> None:
        version = self._bucket(Bucket).keys[Key][-1]
        weaker = Retention["Mode"] != "COMPLIANCE"
        if version.locked(self.now) and (
            weaker or Retention["RetainUntilDate"] < version.stated["ObjectLockRetainUntilDate"]
        ):
            raise refused("AccessDenied")
        version.stated |= {
            "ObjectLockMode": Retention["Mode"],
            "ObjectLockRetainUntilDate": Retention["RetainUntilDate"],
        }

    def delete_object(self, Bucket: str, Key: str, VersionId: str, BypassGovernanceRetention: bool = False) -> None:
        versions = self._bucket(Bucket).keys[Key]
        (version,) = [v for v in versions if v.id == VersionId]
        if version.locked(self.now):
            raise refused("AccessDenied")
        versions.remove(version)

    def _body(self, stated: dict[str, Any]) -> bytes:
        data: bytes = stated["Body"]
        self.largest = max(self.largest, len(data))
        if stated.get("ChecksumSHA256") != checksum(data):
            raise refused("BadDigest")
        return data

    def _put(self, stated: dict[str, Any], data: bytes) -> dict[str, Any]:
        self.asked.append(("put", {k: v for k, v in stated.items() if k != "Body"}))
        bucket = self._bucket(stated["Bucket"])
        versions = bucket.keys.setdefault(stated["Key"], [])
        if stated.get("IfNoneMatch") == "*" and versions:
            raise refused("PreconditionFailed")
        if bucket.default and "ObjectLockMode" not in stated:
            stated |= {"ObjectLockMode": bucket.default, "ObjectLockRetainUntilDate": self.now}
        if bucket.versioning != "Enabled":
            versions[:] = [Version(data, stated, "null", self.now)]
            return {}
        versions.append(Version(data, stated, next(self._ids), self.now))
        return {"VersionId": versions[-1].id}

    def _bucket(self, name: str) -> Bucket:
        if name not in self.buckets:
            raise refused("NoSuchBucket")
        return self.buckets[name]


def checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
