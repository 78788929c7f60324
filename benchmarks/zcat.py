"""The floor of reading: `zcat | wc -l` over the same files in two processes.

`zcat.py RECORDS` prints one line of JSON.
"""

from __future__ import annotations

import subprocess
import sys

import trails
from measure import Stopwatch, report


def main(records: int) -> None:
    files = sorted(str(path) for path in trails.written(records).rglob("*.gz"))
    halves = [files[0::2], files[1::2]]
    with Stopwatch() as watch:
        running = [
            subprocess.Popen(["sh", "-c", 'zcat "$@" | wc -lc', "sh", *half], stdout=subprocess.PIPE, text=True)
            for half in halves
        ]
        size = sum(int(process.communicate()[0].split()[1]) for process in running)
    report({"bytes": size}, watch)


if __name__ == "__main__":
    main(int(sys.argv[1]))
