"""Verify a bundle of a gibibyte in the page: how long it takes and what it holds; `make page-large` runs it.

Fails when the renderer's memory grows with the bundle: more than `MOST_BYTES` beyond what the open page holds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from evidence.bundle import seal_bundle
from tests.evidence import sealed
from tests.page.browser import VerifyPage, chromium

MEMBER_BYTES, MEMBERS = 256 * 1024 * 1024, 4
MOST_BYTES = 300 * 1024 * 1024


def large_bundle(folder: Path) -> Path:
    """Seal four sparse members of 256 MiB beside the small audit."""
    payload = sealed.payload()
    for number in range(MEMBERS):
        path = folder / f"{number}.parquet"
        with path.open("wb") as file:
            file.truncate(MEMBER_BYTES)
        payload[f"evidence/large-{number}.parquet"] = path
    return seal_bundle(folder / "large.zip", payload, sealed.facts(), sealed.sealing())


def renderer_bytes(field: str) -> int:
    """Return the most that a renderer of a browser holds (`VmRSS`) or has held (`VmHWM`)."""
    found = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if b"--type=renderer" in (status.parent / "cmdline").read_bytes():
                lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
                found.append(int(lines[field].split()[0]) * 1024)
        except (OSError, KeyError):
            continue
    return max(found)


def main() -> int:
    """Measure once and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = large_bundle(folder)
        (folder / "trust").mkdir()
        trust = sorted(sealed.write_trust(folder / "trust").iterdir())
        with chromium() as browser:
            page = VerifyPage(browser)
            before, start = renderer_bytes("VmRSS"), time.perf_counter()
            page.page.set_default_timeout(600_000)
            headline = page.choose(bundle, trust, "2025-07-02T00:00:00Z")
            seconds, grown = time.perf_counter() - start, renderer_bytes("VmHWM") - before
        size = bundle.stat().st_size
    rate = size / seconds / 2**20
    sys.stdout.write(f"{headline}: {size / 2**20:.0f} MiB in {seconds:.1f} s, {rate:.0f} MiB/s, ")
    sys.stdout.write(f"memory of the page grew by {grown / 2**20:.0f} MiB\n")
    return 0 if headline == "✓ VERIFIED" and grown < MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
