"""Fuzz every reader of what strangers write, each in a process of its own with limits on time and memory.

Usage: run.py [--seconds N] [TARGET …]. Exit 1 when a reader raised what it must not, hung, or took too much memory; the
input is then in `fuzz-TARGET-…` in the working folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS

SECONDS = 60
#: For one input, in seconds and MiB. Python and its libraries alone take about 150 MiB.
PATIENCE, MEMORY = 10, 600
MEMORY_FOLDER = Path("/dev/shm")
#: Some readers are given more than libFuzzer's 4 KiB.
LENGTHS = {"container": 65536, "whole": 65536, "member": 16384, "signed-member": 65536, "envelope": 16384}


def command(name: str, seconds: int) -> list[str]:
    """Return how one target is fuzzed."""
    limits = [f"-max_total_time={seconds}", f"-timeout={PATIENCE}", f"-rss_limit_mb={MEMORY}"]
    rest = [f"-max_len={LENGTHS.get(name, 8192)}", "-seed=1", f"-artifact_prefix=fuzz-{name}-", "-print_final_stats=1"]
    return [sys.executable, "-m", "tests.fuzz.one", name, *limits, *rest]


def main() -> int:
    """Run the targets one after the other and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    given = parser.parse_args()
    faults = 0
    for name in given.targets or TARGETS:
        with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None) as folder:
            # libFuzzer ends its process at once: what that process wrote is removed here.
            own = os.environ | {"TMPDIR": folder}
            done = subprocess.run(command(name, given.seconds), capture_output=True, text=True, check=False, env=own)
        stats = dict(line.split(": ", 1) for line in done.stderr.splitlines() if line.startswith("stat::"))
        runs, peak = (stats.get(f"stat::{key}", "?").strip() for key in ("number_of_executed_units", "peak_rss_mb"))
        faults += done.returncode != 0
        sys.stdout.write(f"{name:16} {'FAULT' if done.returncode else 'ok':6} {runs:>10} inputs, {peak} MiB\n")
        sys.stdout.flush()
        if done.returncode:
            sys.stdout.write(done.stderr[-4000:])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
