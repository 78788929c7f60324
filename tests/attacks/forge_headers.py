"""Forgeries in the fields of a ZIP that tools read differently: flags, extra fields, folders, shared bytes, sums."""

from __future__ import annotations

import struct
import zlib

from evidence import manifest, zip_profile
from evidence.canonical import sha256_hex
from evidence.manifest import FINDINGS, REPORT
from evidence.zip_profile import MAX_MEMBERS, Entry, central_header, end_record, local_header
from tests.attacks.parts import RawMember, pack, raw_members, raw_pack, unpack

LOCAL_FLAGS, CENTRAL_FLAGS = 6, 8  # offsets in the two headers
ENCRYPTED, STREAMED, UTF_8 = 1, 8, 0x800


def flag_member_as_encrypted(good: bytes) -> bytes:
    return _flagged(good, ENCRYPTED)


def flag_member_as_streamed(good: bytes) -> bytes:
    return _flagged(good, STREAMED)


def flag_name_as_utf8_locally(good: bytes) -> bytes:
    at = good.index(b"PK\x03\x04") + LOCAL_FLAGS
    return good[:at] + struct.pack("<H", UTF_8) + good[at + 2 :]


def name_otherwise_in_an_extra_field(good: bytes) -> bytes:
    """Info-ZIP takes the name of this field (0x7075), everybody else the one of the header."""
    other = b"data/rep0rt.html"
    field = struct.pack("<HHBI", 0x7075, 5 + len(other), 1, zlib.crc32(REPORT.encode())) + other
    return _with_extra(good, REPORT, field)


def announce_zip64_sizes(good: bytes) -> bytes:
    return _with_extra(good, REPORT, struct.pack("<HHQQ", 1, 16, 1 << 40, 1 << 40))


def list_a_folder(good: bytes) -> bytes:
    return raw_pack(sorted([*raw_members(good), RawMember("data/", b"", mode=0o040755)], key=lambda m: m.name))


def share_bytes_between_members(good: bytes) -> bytes:
    """Two names for the same bytes: a small file that unpacks to a large one."""
    body, entries = b"", []
    for name, data in unpack(good).items():
        entries.append(Entry(name, len(data), zlib.crc32(data), len(body)))
        body += local_header(entries[-1]) + data
    first = entries[0]
    entries.insert(1, Entry(f"{first.name}.copy", first.size, first.crc32, first.offset))
    central = b"".join(central_header(entry) for entry in entries)
    return body + central + end_record(len(entries), len(central), len(body))


def announce_another_checksum(good: bytes) -> bytes:
    return _rebuilt(good, lambda entry: Entry(entry.name, entry.size, entry.crc32 ^ 1, entry.offset))


def announce_too_many_members(good: bytes) -> bytes:
    record = end_record(MAX_MEMBERS + 1, 0, len(good) - zip_profile.END.size)
    return good[: -zip_profile.END.size] + record


def write_another_declaration(good: bytes) -> bytes:
    files = unpack(good)
    other = files[manifest.DECLARATION].replace(b"1.0", b"0.97")
    tags = files[manifest.TAG_MANIFEST]
    changed = tags.replace(_digest(files[manifest.DECLARATION]), _digest(other))
    return pack(files | {manifest.DECLARATION: other, manifest.TAG_MANIFEST: changed})


def swell_a_manifest(good: bytes) -> bytes:
    return pack(unpack(good) | {manifest.MANIFEST: bytes(manifest.MAX_MANIFEST_BYTES + 1)})


def cut_the_directory(good: bytes) -> bytes:
    """The end record is as long as ever and speaks of more than there is."""
    return good[: -zip_profile.END.size - 20] + good[-zip_profile.END.size :]


def _digest(data: bytes) -> bytes:
    return sha256_hex(data).encode()


def _flagged(good: bytes, flag: int) -> bytes:
    data = bytearray(good)
    for signature, offset in ((b"PK\x03\x04", LOCAL_FLAGS), (b"PK\x01\x02", CENTRAL_FLAGS)):
        at = data.index(signature) + offset
        data[at : at + 2] = struct.pack("<H", flag)
    return bytes(data)


def _rebuilt(good: bytes, change) -> bytes:
    body, central = b"", b""
    for name, data in unpack(good).items():
        entry = Entry(name, len(data), zlib.crc32(data), len(body))
        entry = change(entry) if name == FINDINGS else entry
        body += local_header(entry) + data
        central += central_header(entry)
    return body + central + end_record(len(unpack(good)), len(central), len(body))


def _with_extra(good: bytes, name: str, field: bytes) -> bytes:
    """Return the ZIP with an extra field in both headers of a member."""
    body, central, count = b"", b"", 0
    for member, data in unpack(good).items():
        entry = Entry(member, len(data), zlib.crc32(data), len(body))
        local, listed = local_header(entry), central_header(entry)
        if member == name:
            local = local[:28] + struct.pack("<H", len(field)) + local[30:] + field
            listed = listed[:30] + struct.pack("<H", len(field)) + listed[32:] + field
        body, central, count = body + local + data, central + listed, count + 1
    return body + central + end_record(count, len(central), len(body))
