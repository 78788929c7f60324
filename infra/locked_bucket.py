"""Stores bundles under Object Lock in compliance mode, and what they disclose apart from them without a lock.

Nothing that the service says is taken for granted: the very version that was written is read and hashed again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.container import CHUNK
from evidence.errors import BadInput, DigestMismatch, OutputFailed, Place, Problem
from evidence.redact import split
from infra.s3 import FAILURES, code_of, explain
from infra.s3_object import PART_BYTES, Returned, Upload, upload
from infra.store_s3 import S3Store, retain_until

LOCK_NOT_CONFIGURED = frozenset({"ObjectLockConfigurationNotFoundError"})
ABSENT = frozenset({"NoSuchKey", "404"})
#: By how much the service's clock and ours may differ where the lock of an earlier attempt is looked at.
SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LockedBucket:
    """The store of one audit file over a client of S3."""

    client: Any
    config: S3Store
    part_bytes: int = PART_BYTES

    def prepare(self) -> None:
        """Ask whether bundles can be locked and disclosures would not be; BadInput says which setting is wrong.

        1. versioning is on; 2. Object Lock is on; 3. the bucket of disclosures locks nothing by default.
        """
        bucket = self.config.bucket
        if self._ask(bucket, "get_bucket_versioning").get("Status") != "Enabled":  # 1
            raise _unfit(bucket, "S002", "versioning is not on", "turn it on; infra/terraform does")
        if self._lock(bucket).get("ObjectLockEnabled") != "Enabled":  # 2
            raise _unfit(bucket, "S003", "Object Lock is not on", "turn it on; infra/terraform makes such a bucket")
        if rule := self._lock(self._apart).get("Rule"):  # 3
            mode = rule.get("DefaultRetention", {}).get("Mode", "default retention")
            hint = "personal values must stay deletable: name another bucket under store.disclosures"
            raise _unfit(self._apart, "S004", f"would lock disclosures ({mode})", hint)

    def put(self, sealed: Path, name: str, at: datetime) -> str:
        """Store a bundle, locked from an instant on, and what it discloses apart from it; return its address.

        1. disclosures first: a bundle that is there then has them; 2. the bundle without them, under lock. What is
        there already with the same bytes is left as it is, so that a run that ended here can be finished.
        DigestMismatch (exit code 4) when something else comes back than was sent; OutputFailed when the name has
        other bytes.
        """
        config, apart = self.config, self.config.disclosures
        with tempfile.TemporaryDirectory(dir=sealed.parent, prefix=".parts-") as folder:
            kept, disclosed = Path(folder, "bundle.zip"), Path(folder, "disclosures.jsonl")
            if lines := split(sealed, kept):  # 1
                disclosed.write_bytes(lines)
                key = _key(apart.prefix, f"{name.removesuffix('.zip')}.disclosures.jsonl")
                self._store(upload(self._apart, key, disclosed, apart.kms_key or config.kms_key, None))
            until = retain_until(at, config.retain)
            return self._store(upload(config.bucket, _key(config.prefix, name), kept, config.kms_key, until))  # 2

    def fetch(self, name: str, into: Path) -> Path | None:
        """Copy the newest version of a bundle into a folder; None when there is none. What it is, verification says."""
        bucket, key, target = self.config.bucket, _key(self.config.prefix, name), into / name
        try:
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
            with target.open("wb") as file:
                for chunk in body.iter_chunks(CHUNK):
                    file.write(chunk)
        except FAILURES as cause:
            if code_of(cause) in ABSENT:
                return None
            raise explain("read", f"s3://{bucket}/{key}", cause) from cause
        return target

    @property
    def _apart(self) -> str:
        return self.config.disclosures.bucket or self.config.bucket

    def _store(self, upload: Upload) -> str:
        """Write if the name is free, read back the version that holds it, and return its address.

        1. a lock needs a version; 2. the bytes are those sent; 3. so are encryption and lock.
        """
        sent = upload.send(self.client, self.part_bytes)
        if sent is not None and sent.version is None and upload.until is not None:  # 1
            raise _unfit(upload.bucket, "S002", "versioning is not on", "turn it on; infra/terraform does")
        found = upload.read_back(self.client, sent.version if sent else None)
        if (found.sha256, found.size) != (upload.sha256, upload.size):  # 2
            if sent is None:
                raise OutputFailed(f"{upload.where}: exists already with other bytes and is not replaced")
            raise _otherwise(upload, found, f"came back with SHA-256 {found.sha256} and {found.size} bytes")
        if fault := self._fault(upload, found, is_new=sent is not None):  # 3
            raise _otherwise(upload, found, fault)
        return upload.where if found.version is None else f"{upload.where}?versionId={found.version}"

    def _fault(self, upload: Upload, found: Returned, *, is_new: bool) -> str | None:
        """Return what is wrong with encryption or lock. An earlier attempt's is locked since then, not since now."""
        answer = found.answer
        if answer.get("ServerSideEncryption") != "aws:kms":
            return f"is encrypted with {answer.get('ServerSideEncryption')}, not with aws:kms"
        mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
        if upload.until is None:
            return None if mode is None else f"is locked ({mode}), and personal values must stay deletable"
        due = upload.until if is_new else retain_until(answer["LastModified"] - SKEW, self.config.retain)
        if mode == "COMPLIANCE" and until is not None and until >= due:
            return None
        return f"is locked {mode or 'not at all'} until {until}, not COMPLIANCE until {due}"

    def _lock(self, bucket: str) -> Mapping[str, Any]:
        """Return the Object Lock configuration of a bucket, empty when it has none."""
        return self._ask(bucket, "get_object_lock_configuration").get("ObjectLockConfiguration", {})  # type: ignore[no-any-return]

    def _ask(self, bucket: str, operation: str) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self.client, operation)(Bucket=bucket)
        except FAILURES as cause:
            if code_of(cause) in LOCK_NOT_CONFIGURED:
                return {}
            raise explain("read the settings of", f"s3://{bucket}", cause) from cause
        return answer


def _key(prefix: str, name: str) -> str:
    return f"{prefix.strip('/')}/{name}".lstrip("/")


def _otherwise(upload: Upload, found: Returned, what: str) -> DigestMismatch:
    todo = (
        "it does not count as stored. Keep that version for whoever runs the bucket, find out who else writes there, "
        "name another prefix in audit.yaml and run `probity audit --resume`: the work folder still has the bundle"
    )
    return DigestMismatch("STORED_OTHERWISE", f"{upload.where} version {found.version}: {what}; {todo}")


def _unfit(bucket: str, code: str, what: str, hint: str) -> BadInput:
    return BadInput(Problem(code, what, Place(f"s3://{bucket}"), hint))
