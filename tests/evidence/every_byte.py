"""Flips bytes of seal files, finds changes that go unnoticed; `python -m tests.evidence.every_byte` tries them all."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from evidence import layout
from evidence.trust import Trust
from evidence.verify import verify
from tests.attacks.parts import pack, unpack
from tests.evidence import doubly, pki

BITS = (0x01, 0x20, 0x80)


def places(files: Mapping[str, bytes]) -> list[tuple[str, int]]:
    """Return every byte of the files beside payload and manifests."""
    ours = (name for name in files if name.startswith((layout.SEAL, layout.ARCHIVE)))
    return [(name, at) for name in ours for at in range(len(files[name]))]


def unnoticed(
    files: Mapping[str, bytes], trust: Trust, sample: Iterable[tuple[str, int]], path: Path
) -> list[tuple[str, int]]:
    """Return the places at which a changed bit does not make the bundle fail, each with a reason."""
    found = []
    for name, at in sample:
        data = files[name]
        changed = data[:at] + bytes([data[at] ^ BITS[at % len(BITS)]]) + data[at + 1 :]
        path.write_bytes(pack({**files, name: changed}))
        verification = verify(path, trust, at=doubly.NOW)
        if verification.verified or not verification.reason:
            found.append((name, at))
    return found


def main() -> int:
    """Try every byte of a stamped and of an unstamped bundle."""
    wrong = 0
    for stamped, demands in ((pki.STAMPED, {}), (None, {"time": "local-clock"})):
        with tempfile.TemporaryDirectory() as folder:
            files = unpack(doubly.seal(Path(folder) / "good.zip", stamped).read_bytes())
            found = unnoticed(files, doubly.trust(**demands), places(files), Path(folder) / "x.zip")
            sys.stdout.write(f"stamped {stamped}: {len(places(files))} bytes, unnoticed {found}\n")
            wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
