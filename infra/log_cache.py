"""Typed rows of log files that were read before, so that an audit of a longer period reads only what is new.

A cache and nothing else: an entry is used only for bytes with the very digest it was made from, made by the very code
that runs now, and only if its authentication code holds under a key of the engagement. Anything else is as if there
were no entry, and the folder may be deleted at any time. Bundles neither contain nor name entries.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import marshal
import platform
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

import evidence
import infra
from infra.limits import Limits
from infra.log_tables import FAMILIES, TypedSegment
from infra.source import CacheAt

#: Libraries that decide what rows come out.
_MAKERS = ("duckdb", "orjson", "pyarrow")
_CODE_BYTES = hashlib.sha256().digest_size


class LogCache:
    """Entries in a folder for each recipe; those of other recipes are removed, as nobody will ask for them again."""

    def __init__(self, at: CacheAt, limits: Limits) -> None:
        self._key, self._recipe = at.key, recipe(limits)
        self._folder = at.folder / self._recipe[:16]
        with contextlib.suppress(OSError):
            for other in at.folder.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)

    def get(self, sha256: str) -> TypedSegment | None:
        """Return what the file with this digest says, or None if that is not known for certain."""
        try:
            entry = (self._folder / sha256).read_bytes()
        except OSError:
            return None
        code, body = entry[:_CODE_BYTES], entry[_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(sha256, body)):
            return None
        plain: list[Any] = marshal.loads(body)  # noqa: S302 - written by us: its authentication code holds
        packed = plain.pop()
        tables = {name: _unpacked(part) for name, part in zip(FAMILIES, packed, strict=True)}
        return TypedSegment._make([*plain, tables])

    def keep(self, sha256: str, segment: TypedSegment) -> None:
        """Keep what a file says; where that fails, the file is read again next time."""
        plain: list[Any] = [*segment[:-1], tuple(_packed(segment.tables[name]) for name in FAMILIES)]
        body = marshal.dumps(plain)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
                try:
                    file.write(self._code(sha256, body) + body)
                    file.flush()
                    Path(file.name).replace(self._folder / sha256)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise

    def _code(self, sha256: str, body: bytes) -> bytes:
        return hmac.digest(self._key, f"{self._recipe}/{sha256}/".encode() + body, "sha256")


def recipe(limits: Limits) -> str:
    """Return a digest of everything but the bytes of a file that decides what its rows are."""
    digest = hashlib.sha256(repr((limits, platform.python_version(), [metadata.version(m) for m in _MAKERS])).encode())
    for package in (infra, evidence):
        for folder in package.__path__:
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=pa.Codec("lz4"))) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _unpacked(part: bytes) -> pa.Table:
    # Tables of a few hundred rows: threads would cost more than they do.
    return pa.ipc.open_stream(part, options=pa.ipc.IpcReadOptions(use_threads=False)).read_all()
