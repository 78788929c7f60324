"""Copies a bundle with a few members added, replaced or left out; everything else stays as it is, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from evidence.bundle import placed
from evidence.container import Container, Member, Slice, measure, write_container


def rewrite(container: Container, bundle: Path, out: Path, changes: Mapping[str, bytes | None]) -> Path:
    """Write the bundle that `container` was read from to `out`, whole or not at all, and return `out`.

    `changes` names members by their new content, None for one to be left out. OutputFailed when `out` exists, or when
    the bundle changes meanwhile.
    """
    kept = [entry for entry in container.entries.values() if entry.name not in changes]
    members = [Member(e.name, Slice(bundle, e.data, e.size), e.size, e.crc32, "") for e in kept]
    members += [measure(name, data) for name, data in changes.items() if data is not None]
    with placed(out) as (target, _):
        write_container(target, members)
        target.flush()
        os.fsync(target.fileno())
    return out
