"""Archive lists: what a bundle's seals consisted of, stamped, so that later stamps can vouch for earlier ones.

List 0001 names every file below `seal/` and the tag manifest; each renewal adds a list that also names every earlier
list and its stamps. The newest stamp thus covers everything beneath it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evidence import layout, manifest
from evidence.canonical import sha256_hex
from evidence.errors import BadTimestamp, LimitExceeded
from evidence.sealing import Draft
from evidence.timestamp import Stamper

MAX_LISTS = 99
_LIST = re.compile(r"archive/([0-9]{4})-sha256\.txt", re.ASCII)


def list_name(number: int) -> str:
    """Return the name of the archive list with this number, from 1."""
    return f"{layout.ARCHIVE}{number:04d}-sha256.txt"


def lists_in(names: Collection[str]) -> tuple[str, ...]:
    """Return the archive lists that are there, oldest first."""
    return tuple(sorted(name for name in names if _LIST.fullmatch(name)))


def covered_by(name: str, names: Collection[str]) -> tuple[str, ...]:
    """Return what an archive list must name: the tag manifest, all of `seal/`, and everything of earlier lists."""
    seals = [n for n in names if n.startswith(layout.SEAL)]
    earlier = [n for n in names if n.startswith(layout.ARCHIVE) and n < name]
    return (*seals, *earlier, manifest.TAG_MANIFEST)


def render(name: str, digests: Mapping[str, str]) -> bytes:
    """Return the lines of an archive list over the members whose digests are given."""
    return manifest.render({n: digests[n] for n in covered_by(name, digests)})


def check(name: str, data: bytes, digests: Mapping[str, str]) -> None:
    """Compare a list with the members; BadTimestamp unless it names exactly what it must, with the right digests."""
    if data != render(name, digests):
        raise BadTimestamp("ARCHIVE_MISMATCH", f"{name}: does not list what the bundle's seals consist of")


def stamped(name: str, data: bytes, stampers: Sequence[Stamper]) -> dict[str, bytes]:
    """Return the file and a stamp over it from every authority."""
    stamps = {layout.stamp_name(name, i): s.stamp(data) for i, s in enumerate(stampers, start=1)}
    return {name: data, **stamps}


def next_list(digests: Mapping[str, str], stampers: Sequence[Stamper]) -> dict[str, bytes]:
    """Return the next archive list with its stamps, over members whose digests are given."""
    number = len(lists_in(digests)) + 1
    if number > MAX_LISTS:
        raise LimitExceeded(f"the bundle was renewed {number - 2} times; the limit is {MAX_LISTS - 1}")
    name = list_name(number)
    return stamped(name, render(name, digests), stampers)


@dataclass(frozen=True, slots=True)
class ArchiveList:
    """The last step of a sealing: lists all seal files and has the list stamped."""

    stampers: tuple[Stamper, ...]

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return `archive/0001-sha256.txt` and its stamps; nothing without an authority."""
        if not self.stampers:
            return {}
        digests = {name: sha256_hex(data) for name, data in draft.files.items()}
        return next_list({**digests, manifest.TAG_MANIFEST: sha256_hex(draft.tag_manifest)}, self.stampers)


@dataclass(frozen=True, slots=True)
class Stamps:
    """The step of a sealing that has every seal stamped by every authority."""

    stampers: tuple[Stamper, ...]

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return the `.tsr` files over the CAdES seal and the DSSE envelope."""
        files: dict[str, bytes] = {}
        for name in (layout.CADES, layout.STATEMENT):
            if name in draft.files:
                made = stamped(name, draft.files[name], self.stampers)
                files |= {stamp: data for stamp, data in made.items() if stamp != name}
        return files
