"""The strict ZIP profile: one byte sequence per set of members (PKWARE APPNOTE 6.3.3 sections 4.3.7 to 4.3.16).

Stored only, sorted by name bytes, dated 1980-01-01, mode 0644, no extra fields, no comment, no ZIP64.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

MAX_MEMBERS = 10_000
MAX_NAME_LENGTH = 240
MAX_CONTAINER_BYTES = 2**32 - 2  # 2**32 - 1 announces ZIP64

_NAME = re.compile(r"[A-Za-z0-9._/-]+", re.ASCII)
_SEGMENTS_REFUSED = frozenset({"", ".", ".."})
COMMON = struct.Struct("<HHHHHIIIHH")  # version needed, flags, method, time, date, CRC, 2 sizes, name, extra length
CENTRAL_TAIL = struct.Struct("<HHHII")  # comment length, disk, internal and external attributes, local offset
END = struct.Struct("<4sHHHHIIH")
LOCAL_SIGNATURE, CENTRAL_SIGNATURE, END_SIGNATURE = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
CENTRAL_FIXED = 46
_MADE_BY_UNIX = struct.pack("<H", 3 << 8 | 20)
_VERSION, STORED, _MIDNIGHT, _DAY_1980 = 20, 0, 0, 0x0021
REGULAR_0644 = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of a container as its directory describes it; `offset` is that of the local header."""

    name: str
    size: int
    crc32: int
    offset: int

    @property
    def data(self) -> int:
        """Return the offset of the first byte of content."""
        return self.offset + 30 + len(self.name)


def name_fault(name: str) -> str | None:
    """Return why a member name is outside the profile, or None: `[A-Za-z0-9._/-]`, relative, no `.` or `..` segment."""
    if len(name) > MAX_NAME_LENGTH:
        return f"name longer than {MAX_NAME_LENGTH} characters"
    if not _NAME.fullmatch(name):
        return "name has characters other than A-Z a-z 0-9 . _ / -"
    if not _SEGMENTS_REFUSED.isdisjoint(name.split("/")):
        return "name is absolute or has an empty, '.' or '..' segment"
    return None


def _common(entry: Entry) -> bytes:
    numbers = (entry.crc32, entry.size, entry.size, len(entry.name), 0)
    return COMMON.pack(_VERSION, 0, STORED, _MIDNIGHT, _DAY_1980, *numbers)


def local_header(entry: Entry) -> bytes:
    """Return the local file header of a member (section 4.3.7)."""
    return LOCAL_SIGNATURE + _common(entry) + entry.name.encode("ascii")


def central_header(entry: Entry) -> bytes:
    """Return the directory entry of a member (section 4.3.12)."""
    tail = CENTRAL_TAIL.pack(0, 0, 0, REGULAR_0644, entry.offset)
    return CENTRAL_SIGNATURE + _MADE_BY_UNIX + _common(entry) + tail + entry.name.encode("ascii")


def end_record(count: int, central_size: int, central_offset: int) -> bytes:
    """Return the end of central directory record (section 4.3.16)."""
    return END.pack(END_SIGNATURE, 0, 0, count, count, central_size, central_offset, 0)


def collision(names: Sequence[str]) -> tuple[str, str, str] | None:
    """Return (what, member, reason code) when two names would land on one file of some file system."""
    folders: set[str] = set()
    seen: dict[str, str] = {}
    for name in names:
        if other := seen.get(name.lower()):
            if other == name:
                return "present twice", name, "DUPLICATE_MEMBER"
            return f"differs from {other} only by case", name, "CASE_COLLISION"
        seen[name.lower()] = name
        parts = name.lower().split("/")
        folders.update("/".join(parts[:i]) for i in range(1, len(parts)))
    clash = sorted(folders & seen.keys())
    return ("is both a file and a folder", seen[clash[0]], "PATH_COLLISION") if clash else None
