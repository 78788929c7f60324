"""Forgeries of the content and of the manifests around it, by somebody without the key."""

from __future__ import annotations

from dataclasses import replace

from evidence import dsse, manifest
from evidence.canonical import sha256_hex
from evidence.layout import STATEMENT
from evidence.manifest import FINDINGS
from evidence.model import Status
from tests.attacks.parts import met, other_period, pack, reseal, rewrite_manifests, unpack, without
from tests.evidence import sealed


def flip_verdict(good: bytes) -> bytes:
    return pack(unpack(good) | {FINDINGS: sealed.findings_bytes(Status.MET)})


def flip_verdict_and_manifests(good: bytes) -> bytes:
    return pack(rewrite_manifests(unpack(good) | met()))


def flip_verdict_and_statement(good: bytes) -> bytes:
    flipped = unpack(reseal(unpack(good) | met(), status=Status.MET, findings_sha256=sha256_hex(met()[FINDINGS])))
    payload = dsse.parse(flipped[STATEMENT]).payload
    return pack(flipped | {STATEMENT: dsse.encode(replace(dsse.parse(unpack(good)[STATEMENT]), payload=payload))})


def plant_member(good: bytes) -> bytes:
    return pack(unpack(good) | {"data/evidence/planted.parquet": b"rows"})


def plant_member_and_list_it(good: bytes) -> bytes:
    files = unpack(good) | {"data/evidence/planted.parquet": b"rows"}
    return pack(files | {manifest.MANIFEST: rewrite_manifests(files)[manifest.MANIFEST]})


def plant_beside_the_seal(good: bytes) -> bytes:
    return pack(unpack(good) | {"seal/note.txt": b"sealed, honestly"})


def drop_member(good: bytes) -> bytes:
    return pack(without(good, manifest.CARDS))


def rename_member(good: bytes) -> bytes:
    return pack(without(good, manifest.CARDS) | {"data/evidence/cards.txt": unpack(good)[manifest.CARDS]})


def change_instructions(good: bytes) -> bytes:
    return pack(unpack(good) | {manifest.INSTRUCTIONS: b"It is fine.\n"})


def change_bag_info(good: bytes) -> bytes:
    return pack(other_period(good))


def change_bag_info_and_manifests(good: bytes) -> bytes:
    return pack(rewrite_manifests(other_period(good)))


def mark_manifest_line_binary(good: bytes) -> bytes:
    files = unpack(good)
    return pack(files | {manifest.MANIFEST: files[manifest.MANIFEST].replace(b"  data/", b" *data/")})


def repeat_manifest_line(good: bytes) -> bytes:
    files = unpack(good)
    lines = files[manifest.MANIFEST]
    return pack(files | {manifest.MANIFEST: lines + lines[: lines.index(b"\n") + 1]})
