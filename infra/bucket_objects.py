"""Objects of an S3 bucket as evidence: listed, fetched side by side, kept raw, not fetched again while unchanged."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

from botocore.exceptions import (
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from evidence.canonical import canonical_bytes
from evidence.errors import LimitExceeded, SourceError, Terminal, Transient, VerificationError
from evidence.locker import Batch, Locker, Stored
from infra.s3 import FAILURES, NO_BUCKET, NO_IDENTITY, NO_RIGHTS, code_of
from infra.source import Gathering

THREADS = 16
CHUNK = 1024 * 1024
IN_MEMORY = 8 * CHUNK
MAX_OBJECTS = 1_000_000
#: Logs lie under the day of their delivery, which may be the day after the events'.
DAY = timedelta(days=1)
LATE = DAY
#: What another attempt would not change: a right, an identity, or a thing that is missing, or a call not as documented.
UNASKED = (NoCredentialsError, PartialCredentialsError, ParamValidationError)
FOR_GOOD = frozenset(
    {
        *(*NO_BUCKET, *NO_RIGHTS, *NO_IDENTITY, "AccessDeniedException", "UnauthorizedOperation"),
        *("UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException", "InvalidSignatureException"),
        *("TrailNotFoundException", "ResourceNotFoundException", "NotFoundException", "ValidationException"),
    }
)


class Listed(NamedTuple):
    """An object as a listing names it."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object whose bytes are in the locker, with its user metadata."""

    listed: Listed
    stored: Stored
    metadata: Mapping[str, str]


def source_error(verb: str, where: str, cause: Exception) -> SourceError:
    """Return why a bucket cannot be read: for good where a right, an identity or the bucket is missing."""
    code = code_of(cause)
    said = f"cannot {verb} {where} ({code or type(cause).__name__})"
    if code in FOR_GOOD or isinstance(cause, UNASKED):
        return Terminal(f"{said}; compare bucket, identity and rights with docs/connect-aws.md")
    return Transient(said)


#: From an object as listed and the stream of its bytes to what the locker keeps of it; raises `SourceError`.
Keeping: TypeAlias = Callable[[Listed, Any], BinaryIO]


def spooled(listed: Listed, body: Any) -> BinaryIO:
    """Return an object as it is; `Transient` where fewer or more bytes come than were listed."""
    spool = cast("BinaryIO", tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - handed on
    try:
        size = 0
        for chunk in body.iter_chunks(CHUNK):
            size += len(chunk)
            spool.write(chunk)
    except BaseException:
        spool.close()
        raise
    if size != listed.size:
        spool.close()
        raise Transient(f"{listed.key}: {size} bytes came, {listed.size} were listed")
    spool.seek(0)
    return spool


@dataclass(slots=True)
class Bucket:
    """One bucket. `memory` is a file that remembers which object, in which version, has which bytes in the locker.

    `keeping` makes of an object what is kept of it, which is all of it unless it may not be. Where `account` is given,
    S3 refuses when the bucket is another one's.
    """

    client: Any
    name: str
    locker: Locker
    memory: Path | None = None
    object_limit: int = 2 * 1024 * CHUNK
    keeping: Keeping = spooled
    account: str = ""
    _known: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)

    def region(self) -> str:
        """Return the region the bucket is in."""
        try:
            return region_of(self.client.get_bucket_location(**owned(self.name, self.account)))
        except FAILURES as cause:
            raise source_error("locate", f"s3://{self.name}", cause) from cause

    def list(self, prefix: str, after: str = "", until: str | None = None) -> Iterator[Listed]:
        """Yield every object below a prefix in the order of their keys: those `after` one, and before `until`."""
        count = 0
        asked = {**owned(self.name, self.account), "Prefix": prefix} | ({"StartAfter": after} if after else {})
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(**asked):
                if "Name" not in page:  # an answer without a body is none, and no empty bucket
                    raise Transient(f"cannot list s3://{self.name}/{prefix}: the answer is no listing")
                for item in page.get("Contents", ()):
                    if until is not None and item["Key"] >= until:
                        return
                    count += 1
                    if count > MAX_OBJECTS:
                        raise LimitExceeded(f"s3://{self.name}/{prefix}: more than {MAX_OBJECTS} objects")
                    yield Listed(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"])
        except FAILURES as cause:
            raise source_error("list", f"s3://{self.name}/{prefix}", cause) from cause

    def fetch(self, wanted: Iterable[Listed], into: Batch) -> Iterator[Fetched | tuple[Listed, SourceError]]:
        """Yield each object once it is in the batch, in the order wanted, or why it could not be had."""
        self._load()
        waiting: deque[tuple[Listed, Future[tuple[BinaryIO, Mapping[str, str]]] | Fetched]] = deque()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="s3") as pool:
            for listed in wanted:
                waiting.append((listed, self._remembered(listed) or pool.submit(self._get, listed)))
                if len(waiting) > 2 * THREADS:
                    yield self._taken(*waiting.popleft(), into)
            while waiting:
                yield self._taken(*waiting.popleft(), into)

    def remember(self, fetched: Iterable[Fetched]) -> None:
        """Note what was fetched, once the locker has it for good."""
        if self.memory is None:
            return
        lines = b"".join(
            canonical_bytes(
                {
                    "key": one.listed.key,
                    "etag": one.listed.etag,
                    "size": str(one.listed.size),
                    "artefact": one.stored.artefact,
                    "kept": str(one.stored.size),
                    "metadata": dict(one.metadata),
                }
            )
            + b"\n"
            for one in fetched
            if self._remembered(one.listed) is None
        )
        self.memory.parent.mkdir(parents=True, exist_ok=True)
        with self.memory.open("ab") as file:
            file.write(lines)

    def _load(self) -> None:
        if self.memory is None or self._known or not self.memory.exists():
            return
        for line in self.memory.read_bytes().splitlines():
            try:
                noted = json.loads(line)
                self._known[noted["key"]] = noted
            except (ValueError, KeyError, TypeError):
                continue  # cut short by a crash: the object is fetched again

    def _remembered(self, listed: Listed) -> Fetched | None:
        noted = self._known.get(listed.key)
        if noted is None or (noted["etag"], noted["size"]) != (listed.etag, str(listed.size)):
            return None
        try:
            self.locker.verify(noted["artefact"])
        except VerificationError:
            return None
        stored = Stored(noted["artefact"].removeprefix("sha256:"), int(noted.get("kept", listed.size)))
        return Fetched(listed, stored, noted["metadata"])

    def _get(self, listed: Listed) -> tuple[BinaryIO, Mapping[str, str]]:
        where = f"s3://{self.name}/{listed.key}"
        if listed.size > self.object_limit:
            raise Terminal(f"{where}: larger than the limit of {self.object_limit} bytes")
        try:
            # The version that was listed, and no other one that was put in its place meanwhile.
            asked = owned(self.name, self.account)
            answer = self.client.get_object(**asked, Key=listed.key, IfMatch=listed.etag)
            kept = self.keeping(listed, answer["Body"])
        except FAILURES as cause:
            raise source_error("read", where, cause) from cause
        return kept, {name.lower(): value for name, value in answer.get("Metadata", {}).items()}

    def _taken(
        self, listed: Listed, got: Future[tuple[BinaryIO, Mapping[str, str]]] | Fetched, into: Batch
    ) -> Fetched | tuple[Listed, SourceError]:
        if isinstance(got, Fetched):
            return got
        try:
            spool, metadata = got.result()
        except SourceError as cause:
            return listed, cause
        with spool:
            return Fetched(listed, into.put(spool), metadata)


def owned(bucket: str, account: str) -> dict[str, str]:
    """Return how a call names a bucket, and whose it must be: a name that was given up anybody may take."""
    return {"Bucket": bucket} | ({"ExpectedBucketOwner": account} if account else {})


def region_of(answer: Mapping[str, Any]) -> str:
    """Return a region as `GetBucketLocation` states it: nothing for the first one that S3 had, `EU` for the second."""
    stated = answer.get("LocationConstraint") or "us-east-1"
    return "eu-west-1" if stated == "EU" else str(stated)


def refuse_region(bucket: Bucket, gathering: Gathering) -> None:
    """Raise `Terminal` for a bucket outside the regions that evidence may lie in, where the audit file names any."""
    allowed = gathering.evidence_regions
    if allowed is not None and (region := bucket.region()) not in allowed:
        raise Terminal(f"s3://{bucket.name} is in {region}, and `evidence_regions` in audit.yaml does not have it")


def delivery_days(gathering: Gathering) -> Iterator[datetime]:
    """Yield every day on which logs of the period may have been delivered, at midnight UTC."""
    first = gathering.period.start.replace(hour=0, minute=0, second=0, microsecond=0)
    last = min(gathering.period.end + LATE, gathering.instant)
    while first <= last:
        yield first
        first += DAY


def memory_of(folder: Path | None, *names: str) -> Path | None:
    """Return where a bucket's memory is kept below the folder of journals."""
    return None if folder is None else folder / f"s3-{hashlib.sha256('/'.join(names).encode()).hexdigest()[:32]}.jsonl"
