"""Steps 1 to 3: the container, the set of its files, and their digests; no key is needed for them."""

from __future__ import annotations

import hashlib
import zlib

from evidence import manifest
from evidence.canonical import sha256_hex
from evidence.container import read_container
from evidence.errors import BadContainer, DigestMismatch
from evidence.examination import Examination


def container(examination: Examination) -> str:
    """Compare every header with the strict profile; content is not read."""
    examination.container = read_container(examination.file)
    return f"{len(examination.container.entries)} members"


def file_set(examination: Examination) -> str:
    """Compare the members with the manifests and the layout; digests are not compared yet."""
    opened, tags = examination.opened(), examination.tags
    for name in (manifest.MANIFEST, manifest.TAG_MANIFEST, manifest.DECLARATION, manifest.INFO):
        tags[name] = opened.read(name, manifest.MAX_MANIFEST_BYTES)
    payload, listed = (manifest.parse(tags[n], n) for n in (manifest.MANIFEST, manifest.TAG_MANIFEST))
    examination.expected_members = manifest.check_file_set(opened.entries.keys(), payload, listed)
    if tags[manifest.DECLARATION] != manifest.DECLARATION_BYTES:
        raise BadContainer("BAGIT_DECLARATION", f"{manifest.DECLARATION}: is not that of BagIt 1.0")
    examination.manifests = {**listed, **payload}
    return f"{examination.expected_members} members, as the manifests demand"


def digests(examination: Examination) -> str:
    """Hash every member: tag files first, so that a changed manifest is named before what it lists."""
    opened, tags, listed = examination.opened(), examination.tags, examination.manifests
    for name in [*listed, *sorted(opened.entries.keys() - listed.keys())]:
        digest, crc = hashlib.sha256(), 0
        for chunk in opened.chunks(name):
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
        examination.digests[name] = found = digest.hexdigest()
        read_before = sha256_hex(tags[name]) if name in tags else found
        if listed.get(name, found) != found or read_before != found:
            raise DigestMismatch("DIGEST_MISMATCH", name)
        if crc != opened.entries[name].crc32:
            raise DigestMismatch("CRC_MISMATCH", name)
    return f"{len(listed)} digests agree"
