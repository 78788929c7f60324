"""Write and read the container: a ZIP of the strict profile, streamed in bounded memory.

The reader rebuilds every header from what the directory says and compares bytes, so that no field is left unread.
"""

from __future__ import annotations

import hashlib
import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from evidence.errors import BadContainer, BadInput, LimitExceeded, OutputFailed, Place, Problem
from evidence.zip_profile import (
    CENTRAL_FIXED,
    CENTRAL_SIGNATURE,
    CENTRAL_TAIL,
    COMMON,
    END,
    END_SIGNATURE,
    MAX_CONTAINER_BYTES,
    MAX_MEMBERS,
    MAX_NAME_LENGTH,
    REGULAR_0644,
    STORED,
    Entry,
    central_header,
    collision,
    end_record,
    local_header,
    name_fault,
)

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a file, such as a member of another container."""

    path: Path
    offset: int
    size: int


Source: TypeAlias = bytes | Path | Slice


@dataclass(frozen=True, slots=True)
class Member:
    """One file to be written, measured beforehand; `source` is its bytes or where to stream them from."""

    name: str
    source: Source
    size: int
    crc32: int
    sha256: str


def chunks_of(source: Source) -> Iterator[bytes]:
    """Yield content in pieces of at most `CHUNK` bytes; OutputFailed when the file cannot be read."""
    if isinstance(source, bytes):
        yield from (source[i : i + CHUNK] for i in range(0, len(source), CHUNK))
        return
    part = source if isinstance(source, Slice) else Slice(source, 0, MAX_CONTAINER_BYTES)
    try:
        with part.path.open("rb") as file:
            file.seek(part.offset)
            left = part.size
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except OSError as cause:
        raise OutputFailed(f"{part.path}: cannot be read to be sealed ({cause.strerror})") from cause


def measure(name: str, source: Source) -> Member:
    """Return a member with its size, CRC-32 and SHA-256, read in one pass of bounded memory."""
    if fault := name_fault(name):
        error = LimitExceeded if len(name) > MAX_NAME_LENGTH else OutputFailed
        raise error(f"{name!r}: {fault}; rename the file before sealing")
    digest, crc, size = hashlib.sha256(), 0, 0
    for chunk in chunks_of(source):
        digest.update(chunk)
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    return Member(name, source, size, crc, digest.hexdigest())


def write_container(out: BinaryIO, members: Iterable[Member]) -> None:
    """Write the container; LimitExceeded and OutputFailed name the member at fault before its header is written."""
    ordered = sorted(members, key=lambda m: m.name)
    _refuse_unwritable(ordered)
    offset, central = 0, b""
    for member in ordered:
        entry = Entry(member.name, member.size, member.crc32, offset)
        out.write(local_header(entry))
        _copy(out, member)
        central += central_header(entry)
        offset = entry.data + entry.size
    out.write(central + end_record(len(ordered), len(central), offset))


def _refuse_unwritable(ordered: Sequence[Member]) -> None:
    names = [m.name for m in ordered]
    if len(names) > MAX_MEMBERS:
        raise LimitExceeded(f"{len(names)} members exceed the limit of {MAX_MEMBERS}")
    total = sum(m.size + 30 + CENTRAL_FIXED + 2 * len(m.name) for m in ordered) + END.size
    if total > MAX_CONTAINER_BYTES:
        raise LimitExceeded(f"a bundle of {total} bytes exceeds the limit of {MAX_CONTAINER_BYTES}")
    if fault := collision(names):
        raise OutputFailed(f"{fault[1]}: {fault[0]}; rename the file before sealing")


def _copy(out: BinaryIO, member: Member) -> None:
    crc, size = 0, 0
    for chunk in chunks_of(member.source):
        out.write(chunk)
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    if (crc, size) != (member.crc32, member.size):
        raise OutputFailed(f"{member.name}: changed while it was being sealed; run again when nothing writes to it")


class Container:
    """An open bundle whose every header has been compared with the profile; content is not yet trusted."""

    def __init__(self, file: BinaryIO, entries: Sequence[Entry]) -> None:
        self.entries = {entry.name: entry for entry in entries}
        self._file = file

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member's content in pieces of at most `CHUNK` bytes; BadContainer when it is absent or cut short."""
        entry = self.entries.get(name)
        if entry is None:
            raise BadContainer("MISSING_MEMBER", name)
        done = 0
        while done < entry.size:
            chunk = _read_at(self._file, entry.data + done, min(CHUNK, entry.size - done))
            done += len(chunk)
            yield chunk

    def read(self, name: str, limit: int) -> bytes:
        """Return a member's content; BadContainer when it is larger than `limit` bytes."""
        entry = self.entries.get(name)
        if entry is not None and entry.size > limit:
            raise BadContainer("LIMIT_EXCEEDED", f"{name}: {entry.size} bytes exceed the limit of {limit}")
        return b"".join(self.chunks(name))


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a bundle for reading; BadInput when there is no such regular file or it may not be read."""
    try:
        if not path.is_file():
            raise BadInput(Problem("V001", "no such bundle file", Place(str(path)), "give the path of a .zip bundle"))
        file = path.open("rb")
    except OSError as cause:
        problem = Problem("V002", f"cannot be read ({cause.strerror})", Place(str(path)), "check the permissions")
        raise BadInput(problem) from cause
    with file:
        yield file


def read_container(file: BinaryIO) -> Container:
    """Return the container after comparing every header with the profile (BUNDLE.md step 1).

    1. the end record is the last 22 bytes and accounts for the whole file; 2. counts and sizes are within the limits;
    3. each central header is byte for byte the one the writer makes; 4. names obey the grammar, are sorted, unique
    and free of collisions; 5. members touch: no byte lies between, before or after them; 6. each local header is
    byte for byte the one the writer makes. Not checked here: content, CRC-32 and digests (step 3).
    """
    count, central_size, central_offset = _read_end(file)  # 1, 2
    central = _read_at(file, central_offset, central_size)
    entries = _read_central(central, count)  # 3
    _check_names([entry.name for entry in entries])  # 4
    expected = 0
    for entry in entries:
        if entry.offset != expected:  # 5
            raise BadContainer("UNACCOUNTED_BYTES", f"{entry.name}: starts at {entry.offset}, not at {expected}")
        _check_local(file, entry)  # 6
        expected = entry.data + entry.size
    if expected != central_offset:  # 5
        raise BadContainer("UNACCOUNTED_BYTES", f"members end at {expected}, directory starts at {central_offset}")
    return Container(file, entries)


def _read_end(file: BinaryIO) -> tuple[int, int, int]:
    length = file.seek(0, 2)
    if not END.size < length <= MAX_CONTAINER_BYTES:
        raise BadContainer("NOT_A_BUNDLE", f"{length} bytes are not within the limits of a bundle")
    record = _read_at(file, length - END.size, END.size)
    signature, _, _, _, count, central_size, central_offset, _ = END.unpack(record)
    if signature != END_SIGNATURE or record != end_record(count, central_size, central_offset):
        raise BadContainer("END_RECORD", "the last 22 bytes are not the end record of a bundle")
    if central_offset + central_size + END.size != length:
        raise BadContainer("UNACCOUNTED_BYTES", "bytes lie before, between or after the parts of the container")
    if count > MAX_MEMBERS or central_size > MAX_MEMBERS * (CENTRAL_FIXED + MAX_NAME_LENGTH):
        raise BadContainer("LIMIT_EXCEEDED", f"{count} members exceed the limit of {MAX_MEMBERS}")
    return count, central_size, central_offset


def _read_central(central: bytes, count: int) -> list[Entry]:
    entries: list[Entry] = []
    at = 0
    while at < len(central):
        entries.append(_central_entry(central, at, len(entries)))
        at += CENTRAL_FIXED + len(entries[-1].name)
    if len(entries) != count:
        raise BadContainer("END_RECORD", f"the end record announces {count} members, the directory has {len(entries)}")
    return entries


def _central_entry(central: bytes, at: int, index: int) -> Entry:
    header = central[at : at + CENTRAL_FIXED]
    if len(header) < CENTRAL_FIXED or header[:4] != CENTRAL_SIGNATURE:
        raise BadContainer("CENTRAL_HEADER", f"directory entry {index + 1} is malformed")
    _, _, method, _, _, crc32, _, size, name_length, _ = COMMON.unpack_from(header, 6)
    _, _, _, attributes, offset = CENTRAL_TAIL.unpack_from(header, 6 + COMMON.size)
    raw = central[at + CENTRAL_FIXED : at + CENTRAL_FIXED + name_length]
    name = raw.decode("ascii", "backslashreplace")
    if fault := name_fault(name):
        raise BadContainer("MEMBER_NAME", f"{name}: {fault}")
    if method != STORED:
        raise BadContainer("COMPRESSED_MEMBER", f"{name}: members are stored, never compressed")
    if attributes >> 28 != REGULAR_0644 >> 28:
        raise BadContainer("NOT_A_REGULAR_FILE", name)
    entry = Entry(name, size, crc32, offset)
    if central[at : at + CENTRAL_FIXED + name_length] != central_header(entry):
        raise BadContainer("CENTRAL_HEADER", f"{name}: directory entry is not the one a bundle has")
    return entry


def _check_names(names: Sequence[str]) -> None:
    if fault := collision(names):
        raise BadContainer(fault[2], f"{fault[1]}: {fault[0]}")
    for before, after in itertools.pairwise(names):
        if before >= after:
            raise BadContainer("MEMBER_ORDER", f"{after}: members are not sorted by name")


def _check_local(file: BinaryIO, entry: Entry) -> None:
    expected = local_header(entry)
    found = _read_at(file, entry.offset, len(expected))
    if found[30:] != expected[30:]:
        raise BadContainer("NAMES_DIFFER", f"{entry.name}: the local header has another name than the directory")
    if found != expected:
        raise BadContainer("LOCAL_HEADER", f"{entry.name}: local header is not the one a bundle has")


def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    try:
        file.seek(offset)
        data = file.read(size)
    except OSError as cause:
        raise BadContainer("UNREADABLE", f"the file cannot be read at byte {offset} ({cause.strerror})") from cause
    if len(data) != size:
        raise BadContainer("CUT_SHORT", f"the file ends within {size} bytes at {offset}")
    return data
