"""What a forger works with: the parts of a bundle, and containers that our own writer would refuse to make."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence import dsse, layout, manifest, statement
from evidence.canonical import sha256_hex
from evidence.container import measure, write_container
from evidence.model import Status
from evidence.signer import Signer
from tests.evidence import sealed

Files = dict[str, bytes]


def unpack(bundle: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a container that is beyond reproach, whatever is in it."""
    out = io.BytesIO()
    write_container(out, [measure(name, data) for name, data in files.items()])
    return out.getvalue()


def rewrite_manifests(files: Files) -> Files:
    """Return the files with both manifests made to fit; the seal is left as it is."""
    payload = {name: sha256_hex(data) for name, data in files.items() if name.startswith(manifest.DATA)}
    files = files | {manifest.MANIFEST: manifest.render(payload)}
    tags = {name: sha256_hex(files[name]) for name in manifest.TAG_FILES}
    return files | {manifest.TAG_MANIFEST: manifest.render(tags)}


def reseal(files: Files, signer: Signer = sealed.SIGNER, payload: bytes | None = None, **facts: object) -> bytes:
    """Return the bundle with manifests and seal made anew: what the holder of `signer` can do."""
    files = rewrite_manifests(files)
    if payload is None:
        payload = statement.encode(sealed.facts(**facts), sha256_hex(files[manifest.TAG_MANIFEST]))
    return pack(files | {layout.STATEMENT: dsse.sign(payload, [signer])})


@dataclass(frozen=True)
class RawMember:
    """One ZIP member with every field under the forger's control."""

    name: str
    data: bytes
    local_name: str | None = None
    method: int = 0
    mode: int = 0o100644
    date: int = 0x0021
    local_date: int = 0x0021
    gap: bytes = b""

    def fields(self, date: int) -> bytes:
        stored = self.stored()
        return struct.pack("<HHHHHIII", 20, 0, self.method, 0, date, zlib.crc32(self.data), len(stored), len(self.data))

    def stored(self) -> bytes:
        if self.method == 0:
            return self.data
        deflate = zlib.compressobj(wbits=-15)
        return deflate.compress(self.data) + deflate.flush()


def raw_pack(members: Sequence[RawMember], prefix: bytes = b"", comment: bytes = b"") -> bytes:
    """Return a ZIP that keeps order, names, dates and gaps as they are given."""
    body, central = prefix, b""
    for member in members:
        offset = len(body)
        local = (member.name if member.local_name is None else member.local_name).encode()
        body += b"PK\x03\x04" + member.fields(member.local_date) + struct.pack("<HH", len(local), 0) + local
        body += member.stored() + member.gap
        central += b"PK\x01\x02" + struct.pack("<H", 0x0314) + member.fields(member.date)
        central += struct.pack("<HHHHHII", len(member.name.encode()), 0, 0, 0, 0, member.mode << 16, offset)
        central += member.name.encode()
    count = len(members)
    numbers = (0, 0, count, count, len(central), len(body), len(comment))
    return body + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", *numbers) + comment


def raw_members(bundle: bytes) -> list[RawMember]:
    return [RawMember(name, data) for name, data in unpack(bundle).items()]


def met() -> Files:
    """Return the findings and the report the forger would like to be believed."""
    findings = sealed.findings_bytes(Status.MET)
    return {manifest.FINDINGS: findings, manifest.REPORT: f"<p>{sha256_hex(findings)}</p>".encode()}


def without(good: bytes, name: str) -> Files:
    return {key: data for key, data in unpack(good).items() if key != name}


def other_period(good: bytes) -> Files:
    """Return the files with another period in bag-info.txt."""
    files = unpack(good)
    return files | {manifest.INFO: files[manifest.INFO].replace(b"2025-06-01", b"2025-05-01")}
