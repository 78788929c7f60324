"""Forgeries of the container: ZIPs that tools read differently, or that do harm when unpacked."""

from __future__ import annotations

from dataclasses import replace

from evidence import manifest
from evidence.manifest import FINDINGS, REPORT
from tests.attacks.parts import RawMember, met, raw_members, raw_pack


def duplicate_member(good: bytes) -> bytes:
    members = raw_members(good)
    at = [m.name for m in members].index(FINDINGS)
    return raw_pack([*members[:at], RawMember(FINDINGS, met()[FINDINGS]), *members[at:]])


def collide_by_case(good: bytes) -> bytes:
    return _raw_plus(good, RawMember("data/results/FINDINGS.json", met()[FINDINGS]))


def collide_file_and_folder(good: bytes) -> bytes:
    return _raw_plus(good, RawMember(f"{REPORT}/index", b""))


def symlink_member(good: bytes) -> bytes:
    return _raw_change(good, manifest.CARDS, data=b"/etc/passwd", mode=0o120777)


def climb_out(good: bytes) -> bytes:
    return _raw_plus(good, RawMember("data/../../evil", b"x"))


def start_at_root(good: bytes) -> bytes:
    return _raw_plus(good, RawMember("/etc/cron.d/evil", b"x"))


def escape_the_terminal(good: bytes) -> bytes:
    return _raw_plus(good, RawMember("data/\x1b[2Jgood", b"x"))


def put_junk_before(good: bytes) -> bytes:
    return b"#!/bin/sh\nexit\n" + good


def put_junk_before_and_adjust(good: bytes) -> bytes:
    return raw_pack(raw_members(good), prefix=b"#!/bin/sh\nexit\n")


def put_junk_after(good: bytes) -> bytes:
    return good + b"\n"


def hide_bytes_between(good: bytes) -> bytes:
    return _raw_change(good, manifest.CARDS, gap=b"hidden")


def add_comment(good: bytes) -> bytes:
    return raw_pack(raw_members(good), comment=b"Audit passed")


def reorder_members(good: bytes) -> bytes:
    return raw_pack(raw_members(good)[::-1])


def name_locally_otherwise(good: bytes) -> bytes:
    return _raw_change(good, REPORT, local_name="data/rep0rt.html")


def deflate_member(good: bytes) -> bytes:
    return _raw_change(good, REPORT, method=8)


def plant_bomb(good: bytes) -> bytes:
    return _raw_plus(good, RawMember("data/evidence/zeros.parquet", bytes(64 * 1024 * 1024), method=8))


def change_date(good: bytes) -> bytes:
    return _raw_change(good, FINDINGS, date=0x5AC1, local_date=0x5AC1)


def change_local_date(good: bytes) -> bytes:
    return _raw_change(good, FINDINGS, local_date=0x5AC1)


def change_mode(good: bytes) -> bytes:
    return _raw_change(good, FINDINGS, mode=0o104755)


def truncate(good: bytes) -> bytes:
    return good[: len(good) // 2]


def empty_file(good: bytes) -> bytes:
    return b""


def _raw_plus(good: bytes, member: RawMember) -> bytes:
    return raw_pack(sorted([*raw_members(good), member], key=lambda m: m.name))


def _raw_change(good: bytes, name: str, **changes: object) -> bytes:
    return raw_pack([replace(m, **changes) if m.name == name else m for m in raw_members(good)])
