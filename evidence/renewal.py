"""Renews a bundle before an authority's certificate ends: one more archive list, stamped; no signing key is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from evidence import archive, layout, manifest
from evidence.container import Container, open_file, read_container
from evidence.errors import BadTimestamp
from evidence.rewriting import rewrite
from evidence.timestamp import Stamper


def renew(bundle: Path, out: Path, stampers: Sequence[Stamper]) -> Path:
    """Write the bundle with the next archive list and its stamps to `out`, whole or not at all, and return it.

    Everything that was there stays as it is, byte for byte. The bundle is not verified: the caller does that before,
    since a stamp over what no longer verifies helps nobody, and after. BadTimestamp when there is nothing that a stamp
    could prolong; OutputFailed when an authority fails or `out` exists.
    """
    with open_file(bundle) as file:
        container = read_container(file)
        if not archive.lists_in(container.entries.keys()):
            detail = "has no archive list: a bundle that was never stamped has no time to prolong"
            raise BadTimestamp("ARCHIVE_MISSING", f"{bundle.name}: {detail}")
        digests = {name: _digest(container, name) for name in container.entries if _is_covered(name)}
        made = archive.next_list(digests, stampers)
        return rewrite(container, bundle, out, made)


def _is_covered(name: str) -> bool:
    return name.startswith((layout.SEAL, layout.ARCHIVE)) or name == manifest.TAG_MANIFEST


def _digest(container: Container, name: str) -> str:
    digest = hashlib.sha256()
    for chunk in container.chunks(name):
        digest.update(chunk)
    return digest.hexdigest()
