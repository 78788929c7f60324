"""Rows of groups of log files that were read before, so that an audit of a longer period reads only what is new.

A cache and nothing else: an entry is used only for files with the very names and digests it was made from, made by the
very code that runs now, and only if its authentication code holds under a key of the engagement. Anything else is as
if there were no entry, and the folder may be deleted at any time. Bundles neither contain nor name entries.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import marshal
import platform
import shutil
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import evidence
import infra
from infra.limits import MIB, Limits
from infra.log_groups import LogGroup
from infra.source import CacheAt

#: Libraries that decide what rows come out.
_MAKERS = ("duckdb", "isal", "orjson", "pyarrow")
_CODE_BYTES = hashlib.sha256().digest_size
#: An entry is read as a whole; a group that takes more than this is read again.
MOST_BYTES = 64 * MIB


class Kept(NamedTuple):
    """What became of a group: the counts of each file in their order, its events (see `LogGroup`), parts by family."""

    counts: list[tuple[Any, ...]]
    fresh: dict[str, bytes]
    known: dict[str, bytes]
    parts: dict[str, bytes]


class LogCache:
    """Entries in a folder for each recipe; those of other recipes are removed, as nobody will ask for them again.

    An entry has the name of its place, so that what was made of a group replaces what was made of it when it was less.
    """

    def __init__(self, at: CacheAt, limits: Limits) -> None:
        self._key, self._recipe = at.key, recipe(limits)
        self._folder = at.folder / self._recipe[:16]
        with contextlib.suppress(OSError):
            for other in at.folder.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)

    def may_have(self, place: str) -> bool:
        """Return whether there is an entry for a group at a place, whatever it says."""
        return self._path(place).exists()

    def get(self, place: str, group: LogGroup) -> Kept | None:
        """Return what became of these files, or None if that is not known for certain."""
        path = self._path(place)
        try:
            if path.stat().st_size > _CODE_BYTES + MOST_BYTES:
                return None
            entry = memoryview(path.read_bytes())
        except OSError:
            return None
        code, body = entry[:_CODE_BYTES], entry[_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(group, body)):
            return None
        return Kept(*marshal.loads(body))  # noqa: S302 - written by us: its authentication code holds

    def keep(self, place: str, group: LogGroup, counts: list[tuple[Any, ...]], parts: Mapping[str, Path]) -> None:
        """Keep what became of a group; where that fails, its files are read again next time."""
        with contextlib.suppress(OSError):
            if sum(part.stat().st_size for part in parts.values()) > MOST_BYTES // 2:
                return
            said = Kept(counts, group.fresh, group.known, {name: part.read_bytes() for name, part in parts.items()})
            body = marshal.dumps(tuple(said))
            if len(body) > MOST_BYTES:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
                try:
                    file.write(self._code(group, body))
                    file.write(body)
                    file.flush()
                    Path(file.name).replace(self._path(place))
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise

    def _path(self, place: str) -> Path:
        return self._folder / hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()

    def _code(self, group: LogGroup, body: bytes | memoryview) -> bytes:
        code = hmac.new(self._key, f"{self._recipe}/".encode() + group.digest, "sha256")
        code.update(body)
        return code.digest()


def recipe(limits: Limits) -> str:
    """Return a digest of everything but the bytes of a file that decides what its rows are."""
    digest = hashlib.sha256(repr((limits, platform.python_version(), [metadata.version(m) for m in _MAKERS])).encode())
    for package in (infra, evidence):
        for folder in package.__path__:
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
