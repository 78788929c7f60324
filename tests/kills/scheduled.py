"""Kills a town at random instants while it audits by schedule, and looks whether anything was lost or doubled.

    python -m tests.kills.scheduled --kills 100 --days 40 --places 5 --seed 1

Server, worker, runs and receivers are killed with SIGKILL and started again. Prints one JSON object; exit code 1 when a
rule of `settled` was broken.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

from flows.cases import cases
from infra.daemons import until
from tests.kills import settled
from tests.kills.paperwork import Paperwork
from tests.kills.town import Town, running

TARGETS = {"run": 8, "receivers": 5, "worker": 4, "server": 3}
REST_SECONDS = 1800.0


def campaign(
    town: Town, kills: int, longest: float, chance: random.Random
) -> tuple[settled.Found, dict[str, int], int]:
    """Kill so many times, let the town come to rest, and return what was found, what was killed and what was tried."""
    papers, killed = Paperwork(town), Counter[str]()
    if not until(lambda: cases(settled.opened(town)), REST_SECONDS, 1.0):
        raise TimeoutError("no case was opened")
    papers.prepare()
    while killed.total() < kills:
        time.sleep(chance.uniform(0, longest))
        (target,) = chance.choices([*TARGETS], [*TARGETS.values()])
        killed[target] += town.kill(target)
        if chance.random() < 0.1:
            papers.bypass()
        print(f"{killed.total():4d} {dict(killed)}", file=sys.stderr, flush=True)
    if not until(lambda: settled.all_filled(town), REST_SECONDS, 1.0):
        print("not every slot was audited in time", file=sys.stderr)
    papers.bypass()
    settled.drain(town)
    found = settled.examine(town, forged=1)
    mails = {each["id"].strip("<>").partition("@")[0] for each in settled.notices(town)}
    wrong = [] if mails == {papers.approved} else [f"notices that arrived: {mails}, approved {papers.approved}"]
    return replace(found, wrong=(*found.wrong, *wrong, *papers.bypassed)), dict(killed), papers.tried


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--places", type=int, default=5)
    parser.add_argument("--longest", type=float, default=12.0, help="most seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="probity-town-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        with running(Path(name), days=asked.days, places=asked.places, ticks="10s", retry="10s") as town:
            found, killed, tried = campaign(town, asked.kills, asked.longest, random.Random(asked.seed))
    seconds = round(time.monotonic() - began)
    stated = {"killed": sum(killed.values()), "targets": killed, "bypasses_refused": tried, "seconds": seconds}
    print(json.dumps(stated | asdict(found)))
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
