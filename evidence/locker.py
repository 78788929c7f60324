"""The raw store: what a source said, byte for byte, kept under its own SHA-256 and never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self

from evidence.errors import DigestMismatch, LimitExceeded, OutputFailed, Terminal, VerificationError

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK_BYTES = 1024 * 1024
#: An object smaller than this is compared and written as one piece, without a copy where it is stored already.
HEAD_BYTES = 8 * CHUNK_BYTES
FLUSHING_THREADS = 4
#: So many objects at most wait for the disk before they have a name.
MOST_WAITING = 128
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
        with Batch(self._root, self.path) as batch:
            return batch.put(stream, limit=limit)

    def batch(self) -> Batch:
        """Return a batch to put many streams with; its objects are stored when the block is left, in whatever way."""
        return Batch(self._root, self.path, FLUSHING_THREADS)

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


class Batch:
    """Objects on their way into a locker: written at once, flushed to the disk beside other work, then named.

    An object has its final name only after its bytes are on the disk. Until the block is left it can be read where
    `path` said it is.
    """

    def __init__(self, root: Path, final: Callable[[str], Path], threads: int = 0) -> None:
        self._root, self._final, self._threads = root, final, threads
        self._flushing: ThreadPoolExecutor | None = None
        self._waiting: dict[str, tuple[Future[None], Path]] = {}
        self._settled: list[Path] = []
        self._named_in: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.settle()
        finally:
            if self._flushing is not None:
                self._flushing.shutdown()
            for temporary in (*self._settled, *(name for _, name in self._waiting.values())):
                temporary.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        """Return where the bytes of an object are now."""
        final = self._final(digest)
        waiting = self._waiting.get(final.name)
        return final if waiting is None else waiting[1]

    def put(self, stream: BinaryIO, *, limit: int | None = None) -> Stored:
        """Store a stream as `Locker.put` does; it has its final name after `settle`."""
        head = _head(stream)
        digest = hashlib.sha256(head)
        _bound(len(head), limit)
        try:
            if len(head) < HEAD_BYTES and self._is_known(digest.hexdigest(), head):
                return Stored(digest.hexdigest(), len(head))
            return self._write(head, digest, stream, limit)
        except OSError as cause:
            raise OutputFailed(f"the locker cannot store an object: {cause.strerror or cause}") from cause

    def settle(self) -> None:
        """Wait until everything is on the disk, give it its name, and wait until the names are on the disk."""
        try:
            for digest in list(self._waiting):
                self._name(digest)
            folders, self._named_in = sorted(self._named_in), set()
            for flushed in [self._flushed(os.open(folder, os.O_RDONLY)) for folder in folders]:
                flushed.result()
        except OSError as cause:
            raise OutputFailed(f"the locker cannot store an object: {cause.strerror or cause}") from cause

    def _name(self, digest: str) -> None:
        flushed, temporary = self._waiting[digest]
        flushed.result()
        target = self._final(digest)
        target.parent.mkdir(exist_ok=True)
        # A second name and not another one: whoever reads the object already goes on under the first.
        with contextlib.suppress(FileExistsError):
            target.hardlink_to(temporary)
        del self._waiting[digest]
        self._settled.append(temporary)
        self._named_in |= {self._root, target.parent}

    def _is_known(self, digest: str, data: bytes | None = None) -> bool:
        """Return whether an object is stored already, comparing it with `data` or hashing it again."""
        if digest in self._waiting:
            return True
        try:
            stream = self._final(digest).open("rb")
        except FileNotFoundError:
            return False
        with stream:
            if data is not None and stream.read(len(data) + 1) == data:
                return True
            stream.seek(0)
            found = _digest_of(stream)
        if found != digest:
            raise DigestMismatch("DIGEST_MISMATCH", f"{digest} in the locker now has the digest {found}")
        return True

    def _write(self, head: bytes, digest: _Hash, stream: BinaryIO, limit: int | None) -> Stored:
        self._root.mkdir(parents=True, exist_ok=True)
        size = len(head)
        with tempfile.NamedTemporaryFile(dir=self._root, prefix=".put-", delete=False) as file:
            temporary, kept = Path(file.name), False
            try:
                file.write(head)
                while chunk := _read(stream):
                    size += len(chunk)
                    _bound(size, limit)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                if not self._is_known(digest.hexdigest()):
                    temporary.chmod(0o444)
                    self._waiting[digest.hexdigest()] = (self._flushed(os.dup(file.fileno())), temporary)
                    kept = True
            finally:
                if not kept:
                    temporary.unlink(missing_ok=True)
        while len(self._waiting) >= MOST_WAITING:
            self._name(next(iter(self._waiting)))  # the oldest, which most likely need not be waited for
        return Stored(digest.hexdigest(), size)

    def _flushed(self, descriptor: int) -> Future[None]:
        """Flush a file or folder, beside other work where there are threads, and close the descriptor."""
        if self._threads and self._flushing is None:
            self._flushing = ThreadPoolExecutor(self._threads, thread_name_prefix="locker")
        if self._flushing is not None:
            return self._flushing.submit(_flush, descriptor)
        done: Future[None] = Future()
        _flush(descriptor)
        done.set_result(None)
        return done


def _flush(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _head(stream: BinaryIO) -> bytes:
    """Return the first bytes of a stream, or all of them where there are fewer than `HEAD_BYTES`."""
    chunks, missing = [], HEAD_BYTES
    while missing and (chunk := _read(stream, min(missing, CHUNK_BYTES))):
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)


def _bound(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise LimitExceeded(f"larger than the limit of {limit} bytes")


def _read(stream: BinaryIO, size: int = CHUNK_BYTES) -> bytes:
    # A failing source and a failing disk of ours are different causes with different exit codes.
    try:
        return stream.read(size)
    except OSError as cause:
        raise Terminal(f"the source broke off while being read: {cause.strerror or cause}") from cause


def _digest_of(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := _read(stream):
        digest.update(chunk)
    return digest.hexdigest()
