"""What every measured process shares: its limits, its clock, its peak memory and how it reports them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEMORY_LIMIT, THREADS = "600MB", 2

#: Outcomes by count, the worst measure in microseconds, and per subject observed, expected and whether they agree.
Answer = dict[str, Any]


class Stopwatch:
    """Wall time of a block and what this process and those it waited for computed in it, in seconds."""

    seconds = cpu = 0.0

    def __enter__(self) -> Stopwatch:
        self._started, self._computed = time.perf_counter(), _computed()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self._started, _computed() - self._computed


def _computed() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def spill_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="probity-bench-spill-")


def peak_mib(pid: str = "self") -> float:
    """Return the largest resident size this process image ever had; `ru_maxrss` would also count its parent's."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def report(answer: Answer, watch: Stopwatch) -> None:
    print(json.dumps({"answer": answer, "seconds": watch.seconds, "cpu": watch.cpu, "peak_mib": peak_mib()}))


def run(script: str, *arguments: object) -> dict[str, Any]:
    """Run one measurement in a process of its own and return what it reported."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | {"DO_NOT_TRACK": "1"})
    return dict(json.loads(done.stdout.splitlines()[-1]))


def median(runs: Sequence[dict[str, Any]], key: str) -> float:
    ordered = sorted(r[key] for r in runs)
    return float(ordered[len(ordered) // 2])
