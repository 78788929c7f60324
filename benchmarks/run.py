"""Measure Probity against named baselines on this machine and keep the table in `RESULTS.md`.

    make bench                                            1 M and 10 M records, 0.3 M and 1 M log records
    make bench BENCH="--rows 10000000 100000000"          other sizes; 100 M need 40 GB of disk and an hour or more
    make bench BENCH="--only judging --kinds activity"    some of it

Every pair is measured alternately in one run, each measurement in a process of its own, and answers must be equal.
Ratios are what counts: seconds belong to the machine. Generated evidence is kept in the temporary folder (or
`PROBITY_BENCH_CACHE`).
"""

from __future__ import annotations

import argparse
import platform
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import population
import trails
import verifying
from measure import MEMORY_LIMIT, THREADS, median, run

RESULTS = Path(__file__).parent / "RESULTS.md"
#: From so many rows on, one query that groups by text does not end within the limit, and is given more memory.
LARGE, LARGE_MEMORY = 100_000_000, "2GB"
KINDS = {"lifecycle": "data-retention-limit", "activity": "data-residency", "log": "audit-log-availability"}
HEAD = (
    *("what", "baseline", "baseline s", "Probity s", "ratio", "baseline CPU s", "Probity CPU s", "CPU ratio", "wanted"),
    *("baseline MiB", "Probity MiB", "measured"),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison: what was measured, against what, and all repetitions of both sides."""

    what: str
    baseline: str
    wanted: str
    floor: list[dict[str, Any]]
    ours: list[dict[str, Any]]

    @property
    def ratio(self) -> float:
        # Neighbours on the machine disturb both sides of one repetition alike, so the median is of ratios.
        return self._ratio("seconds")

    def _ratio(self, key: str) -> float:
        ratios = sorted(b[key] / a[key] for a, b in zip(self.floor, self.ours, strict=True))
        return float(ratios[len(ratios) // 2])

    def row(self) -> tuple[str, ...]:
        seconds = [f"{median(side, 'seconds'):.1f}" for side in (self.floor, self.ours)]
        memory = [f"{max(r['peak_mib'] for r in side):.0f}" for side in (self.floor, self.ours)]
        computed = [f"{median(side, 'cpu'):.1f}" for side in (self.floor, self.ours)] + [f"{self._ratio('cpu'):.2f}"]
        if "zcat" in self.baseline:
            memory[0] = "–"
        return (self.what, self.baseline, *seconds, f"{self.ratio:.2f}", *computed, self.wanted, *memory, _when())


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000], help="records to judge")
    asked.add_argument(
        "--logs", type=int, nargs="+", default=[300_000, 1_000_000], help="log records to gather and judge"
    )
    asked.add_argument("--days", type=int, nargs="+", default=[20_000], help="log records of a day, of thirty and one")
    asked.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=list(KINDS), help="what to judge")
    asked.add_argument("--mebibytes", type=int, nargs="+", default=[1024], help="sizes of bundles to verify")
    asked.add_argument("--repeat", type=int, default=1, help="repetitions of every pair")
    asked.add_argument("--only", choices=["judging", "gathering", "growing", "verifying"], help="one of the groups")
    options = asked.parse_args()
    pairs: list[Pair] = []
    for pair in _asked(options):
        pairs.append(pair)
        # What was measured is kept even if a later measurement fails.
        RESULTS.write_text(_table(pairs), encoding="utf-8")
    print(_table(pairs))


def _asked(options: argparse.Namespace) -> Iterator[Pair]:
    if options.only in {None, "judging"}:
        for rows in options.rows:
            yield from _judging(rows, options.kinds, options.repeat)
    if options.only in {None, "gathering"}:
        for records in options.logs:
            yield _gathering(records, options.repeat)
    if options.only in {None, "growing"}:
        for a_day in options.days:
            yield from _growing(a_day, 30)
    if options.only in {None, "verifying"}:
        for mebibytes in options.mebibytes:
            yield _verifying(mebibytes, max(3, options.repeat))


def _judging(rows: int, kinds: Sequence[str], repeat: int) -> Iterator[Pair]:
    for kind in kinds:
        name, large = KINDS[kind], rows >= LARGE
        memory = LARGE_MEMORY if large else MEMORY_LIMIT
        population.written(kind, rows)
        pair = _measured(
            f"`{name}`, {rows // 1_000_000} M records",
            "one DuckDB query by hand" + (f" with {LARGE_MEMORY}" if large else ""),
            "≤ 1.5" if large else "",
            lambda kind=kind, memory=memory: (run("by_hand.py", kind, rows, memory), run("judging.py", kind, rows)),  # type: ignore[misc]
            repeat,
        )
        for floor, ours in zip(pair.floor, pair.ours, strict=True):
            if floor["answer"] != ours["answer"]:
                sys.exit(f"{name}: the answers differ\nby hand {floor['answer']}\nProbity {ours['answer']}")
        yield pair


def _gathering(records: int, repeat: int) -> Pair:
    trails.written(records)
    pair = _measured(
        f"CloudTrail gzip to verdict, {records:,} records",
        "`zcat` and `wc -l`, two processes",
        "≤ 2",
        lambda: (run("zcat.py", records), run("gathering.py", records)),
        repeat,
    )
    for ours in pair.ours:
        counted = ours["answer"]
        if counted["status"] != "met" or counted["unreadable"] or counted["received"] < records:
            sys.exit(f"the trail was not accounted for: {counted}")
    return pair


def _verifying(mebibytes: int, repeat: int) -> Pair:
    verifying.written(mebibytes)
    pair = _measured(
        f"verification of a bundle of {mebibytes:,} MiB",
        "`sha256sum` over the same bytes",
        "≤ 1.3, 200 MiB",
        lambda: (run("verifying.py", "sha256sum", mebibytes), run("verifying.py", "probity", mebibytes)),
        repeat,
    )
    if any(side["answer"]["code"] for side in (*pair.floor, *pair.ours)):
        sys.exit("the bundle did not verify")
    return pair


def _growing(a_day: int, days: int) -> Iterator[Pair]:
    """Yield what a day more costs in a second audit: all of it, and gathering alone."""
    first, again = (run("second_audit.py", a_day, days, turn) for turn in (0, 1))
    if again["answer"]["received"] < a_day * (days + 1) or {first["answer"]["status"], again["answer"]["status"]} != {
        "met"
    }:
        sys.exit(f"the trail was not accounted for: {again['answer']}")
    what, baseline = (
        f"second audit, {days} days of {a_day:,} CloudTrail records and one more",
        f"first audit, {days} days",
    )
    yield Pair(what, baseline, "", [first], [again])
    alone = [run | run["answer"]["gathering"] for run in (first, again)]
    yield Pair(f"{what}: gathering alone", baseline, f"≈ {1 / days:.2f}", alone[:1], alone[1:])


def _measured(
    what: str, baseline: str, wanted: str, once: Callable[[], tuple[dict[str, Any], dict[str, Any]]], repeat: int
) -> Pair:
    pair = Pair(what, baseline, wanted, [], [])
    for turn in range(repeat):
        print(f"{what}: {turn + 1} of {repeat}", file=sys.stderr)
        floor, ours = once()
        pair.floor.append(floor)
        pair.ours.append(ours)
    return pair


def _table(pairs: list[Pair]) -> str:
    used = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "great-expectations", "pyarrow"))
    measured = {pair.what: " | ".join(pair.row()) for pair in pairs}
    rows = [" | ".join(HEAD), " | ".join("---" for _ in HEAD), *(_kept() | measured).values()]
    lines = [
        "# Benchmarks",
        "",
        f"Written by `benchmarks/run.py`. Python {platform.python_version()}, {used}; {THREADS} threads and a DuckDB "
        f"limit of {MEMORY_LIMIT} on both sides of a judgement; seconds without imports, medians; memory is the peak "
        "of the process; CPU is user and system time of all threads and processes, which other work on the machine "
        "disturbs least. The answers of both sides were equal. The last column says when, and with which arguments in "
        "`BENCH`.",
        "",
        *(f"| {row} |" for row in rows),
        "",
    ]
    return "\n".join(lines)


def _kept() -> dict[str, str]:
    """Return the rows of an earlier run; what was not measured again stays."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    rows = [line.strip("| ") for line in lines if line.startswith("| ")][2:]
    return {row.split(" | ", maxsplit=1)[0]: row for row in rows if row.count(" | ") == len(HEAD) - 1}


def _when() -> str:
    return " ".join([f"{datetime.now(UTC):%Y-%m-%d}", shlex.join(sys.argv[1:])]).strip()


if __name__ == "__main__":
    main()
