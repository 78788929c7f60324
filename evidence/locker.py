"""The raw store: what a source said, byte for byte, kept under its own SHA-256 and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from evidence.errors import DigestMismatch, LimitExceeded, OutputFailed, Terminal, VerificationError

CHUNK_BYTES = 1024 * 1024
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class Stored(NamedTuple):
    """What was put: lower-case hexadecimal SHA-256 and size in bytes."""

    sha256: str
    size: int

    @property
    def artefact(self) -> str:
        """Return the name that rows and cards use: `sha256:<hex>`."""
        return f"sha256:{self.sha256}"


class Locker:
    """Objects under `root/ab/ab…`, read-only once stored. Digests are accepted with or without `sha256:`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, stream: BinaryIO, *, limit: int | None = None) -> Stored:
        """Store a stream and return its digest; storing the same bytes again changes nothing.

        The bytes go to a temporary name, are flushed to the disk and only then renamed, so an interrupted run leaves
        no half object. Raises `LimitExceeded` above `limit` bytes and `DigestMismatch` if the object that is already
        stored under this digest has been altered.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._root, prefix=".put-", delete=False) as temporary:
                name = Path(temporary.name)
                try:
                    stored = _copy(stream, temporary, limit)
                    self._settle(name, stored)
                finally:
                    name.unlink(missing_ok=True)
        except OSError as cause:
            raise OutputFailed(f"the locker cannot store an object: {cause.strerror or cause}") from cause
        return stored

    def path(self, digest: str) -> Path:
        """Return where an object is stored; says nothing about its bytes (`verify` and `open` do)."""
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise VerificationError("BAD_DIGEST", f"{digest[:80]!r} is not a SHA-256 in lower-case hexadecimal")
        return self._root / match[1][:2] / match[1]

    def verify(self, digest: str) -> int:
        """Return the size of a stored object after hashing it again; raises if it is absent or altered."""
        with self.open(digest) as stream:
            return stream.seek(0, os.SEEK_END)

    def open(self, digest: str) -> BinaryIO:
        """Open a stored object for reading, after hashing it again; raises if it is absent or altered."""
        path = self.path(digest)
        try:
            stream = path.open("rb")
        except OSError as cause:
            raise VerificationError(
                "EVIDENCE_MISSING", f"{path.name} is not in the locker ({cause.strerror})"
            ) from cause
        try:
            found = _digest_of(stream)
            if found != path.name:
                raise DigestMismatch("DIGEST_MISMATCH", f"{path.name} in the locker now has the digest {found}")
            stream.seek(0)
        except BaseException:
            stream.close()
            raise
        return stream

    def digests(self) -> Iterator[str]:
        """Yield the digests of all stored objects in order; does not read them."""
        for path in sorted(self._root.glob("[0-9a-f][0-9a-f]/*")):
            if _DIGEST.fullmatch(path.name):
                yield path.name

    def _settle(self, temporary: Path, stored: Stored) -> None:
        target = self.path(stored.sha256)
        if target.exists():
            self.verify(stored.sha256)
            return
        target.parent.mkdir(exist_ok=True)
        temporary.chmod(0o444)
        temporary.replace(target)
        _flush_folder(target.parent)


def _copy(stream: BinaryIO, target: IO[bytes], limit: int | None) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := _read(stream):
        size += len(chunk)
        if limit is not None and size > limit:
            raise LimitExceeded(f"larger than the limit of {limit} bytes")
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return Stored(digest.hexdigest(), size)


def _read(stream: BinaryIO) -> bytes:
    # A failing source and a failing disk of ours are different causes with different exit codes.
    try:
        return stream.read(CHUNK_BYTES)
    except OSError as cause:
        raise Terminal(f"the source broke off while being read: {cause.strerror or cause}") from cause


def _digest_of(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := _read(stream):
        digest.update(chunk)
    return digest.hexdigest()


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
