"""Parts a sealed bundle from what it discloses, for stores that lock: what may have to be deleted is never locked.

`disclosures/` lies outside the manifests, so that either part keeps its bytes and the seal stays valid.
"""

from __future__ import annotations

import os
from pathlib import Path

from evidence.bundle import placed
from evidence.container import Member, Slice, open_file, read_container, write_container

DISCLOSURES = "disclosures/personal.jsonl"
MAX_BYTES = 64 * 1024 * 1024


def split(bundle: Path, out: Path) -> bytes:
    """Write the bundle without its disclosures to `out`, and return their lines; empty where there are none.

    Equal bundles give equal bytes. Nothing is verified.
    """
    with open_file(bundle) as file:
        container = read_container(file)
        there = DISCLOSURES in container.entries
        lines = container.read(DISCLOSURES, MAX_BYTES) if there else b""
        kept = [entry for entry in container.entries.values() if entry.name != DISCLOSURES]
        with placed(out) as (target, _):
            write_container(target, [Member(e.name, Slice(bundle, e.data, e.size), e.size, e.crc32, "") for e in kept])
            target.flush()
            os.fsync(target.fileno())
    return lines
