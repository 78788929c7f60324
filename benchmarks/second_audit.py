"""A second audit of a period that grew by a day, measured: `second_audit.py RECORDS_A_DAY DAYS AGAIN`.

With `AGAIN` 0 the clock covers a first audit of `DAYS` days, from delivered files to a verdict. With 1 the same is done
first and not timed, a day is delivered, and the clock covers the audit of all of them. Prints one line of JSON.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import gathering
import trails
from measure import Stopwatch, report

from infra.source import CacheAt


def main(a_day: int, days: int, again: bool) -> None:
    logs = trails.written(a_day * (days + 1), days + 1)
    files = sorted(logs.rglob("*.gz"), key=lambda path: path.name.rsplit("_", maxsplit=1)[-1])
    earlier = -(-a_day * days // trails.PER_FILE)
    with tempfile.TemporaryDirectory(prefix="probity-bench-second-") as name:
        root = Path(name)
        cache = CacheAt(root / "cache", bytes(32))
        _deliver(files[:earlier], logs, root)
        if again:
            gathering.audited(root, a_day * days, days, cache)
            _deliver(files[earlier:], logs, root)
        with Stopwatch() as watch:
            answer = gathering.audited(root, a_day * (days + again), days + again, cache)
    report(answer, watch)


def _deliver(files: list[Path], logs: Path, root: Path) -> None:
    for path in files:
        target = root / "logs" / path.relative_to(logs)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1")
