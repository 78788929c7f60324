"""The kill campaign: audits are killed, finished, and killed while they are finished; what must hold is looked at.

Usage: python -m tests.kills.campaign [--place folder|s3] [--every-moment [--only N]] [--random N] [--seed N]

`--every-moment` kills one run at each named moment of a sealing, before and after everything lasting; with `--only` at
each N-th of them. `--random` kills
N runs at instants drawn while they seal; some run beside another, and some are killed again while they are finished.
Prints what happened as JSON and ends with 1 at the first thing that does not hold.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.kills import mortal
from tests.kills.mortal import Moments
from tests.kills.places import REGION, Place, Watch, in_bucket, in_folder

ROOT = Path(__file__).parents[2]
RUNS = {"folder": 20, "s3": 6}  # in one engagement, then another begins: every run reads the whole ledger
TWICE, BESIDE, MOST_RESUMES = 0.4, 0.25, 3
#: From when on a run is killed at random: while the payload is written, and more often once it is kept.
FROM, WEIGHTS = ("seal", "before CadesSeal"), (1, 3)
Work = Callable[[Path, Moments], None]


@dataclass
class Child:
    """A process that works until it is done or killed; `told` is the moments it reached."""

    pid: int
    pipe: int
    told: str = ""
    status: int | None = None

    @classmethod
    def begin(cls, work: Work, folder: Path, last: int | None = None) -> Child:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            return cls(pid, reading)
        code = 1
        try:
            os.close(reading)
            work(folder, Moments(writing, last))
            code = 0
        except BaseException:  # noqa: BLE001 - the parent goes on by itself
            traceback.print_exc()
        finally:
            os._exit(code)

    def reach(self, moment: str) -> None:
        """Wait until it reached a moment, or ended."""
        while f"{moment}\n" not in self.told and self._read():
            pass

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> bool:
        """Wait for the end; return whether it was killed. A child that failed fails the campaign."""
        while self._read():
            pass
        os.close(self.pipe)
        _, self.status = os.waitpid(self.pid, 0)
        assert self.status in {0, signal.SIGKILL}, f"a run failed: {self.status}"
        return self.status == signal.SIGKILL

    def over(self) -> bool:
        """Return whether it ended by itself."""
        ready, _, _ = select.select([self.pipe], [], [], 0)
        return bool(ready) and not self._read()

    def wait(self, seconds: float) -> None:
        """Let it work for so long, or until it ends."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self.pipe], [], [], left)
            if ready and not self._read():
                return

    def _read(self) -> bool:
        text = os.read(self.pipe, 65536).decode()
        self.told += text
        return bool(text)


@dataclass
class Campaign:
    """Runs over engagements that `make` writes one after the other."""

    make: Callable[[str], Place]
    draw: random.Random
    runs: int
    tally: Counter[str] = field(default_factory=Counter)
    at: Counter[str] = field(default_factory=Counter)
    engagements: int = 0

    def every_moment(self, each: int = 1) -> None:
        """Kill one run at each moment that a whole one reaches, or each so many-th, and finish it."""
        watch = self._engagement()
        whole = Child.begin(mortal.audit, watch.place.folder)
        assert not whole.end()
        moments = whole.told.splitlines()
        for number, name in list(enumerate(moments))[::each]:
            if number and number // each % self.runs == 0:
                watch = self._engagement()
            child = Child.begin(mortal.audit, watch.place.folder, number)
            assert child.end(), f"moment {number} was not reached"
            self._killed(name)
            watch.look()
            self._finish(watch, again=False)

    def at_random(self, wanted: int) -> None:
        """Kill runs while they seal until so many were killed."""
        watch = self._engagement()
        first = Child.begin(mortal.audit, watch.place.folder)
        begun = {}
        for moment in FROM:
            first.reach(moment)
            begun[moment] = time.monotonic()
        assert not first.end()
        lasts = {moment: time.monotonic() - instant for moment, instant in begun.items()}
        before = self.tally["killed"]
        for number in range(10 * wanted):
            if self.tally["killed"] - before >= wanted:
                return
            if number and number % self.runs == 0:
                watch = self._engagement()
            self._one(watch, lasts)
        raise AssertionError("runs end before they can be killed")

    def _one(self, watch: Watch, lasts: dict[str, float]) -> None:
        moment = self.draw.choices(FROM, WEIGHTS)[0]
        beside = Child.begin(mortal.audit, watch.place.folder) if self.draw.random() < BESIDE else None
        child = Child.begin(mortal.audit, watch.place.folder)
        child.reach(moment)
        child.wait(self.draw.random() * lasts[moment] * (2 if beside else 1))
        child.kill()
        if child.end():
            self._killed((child.told.splitlines() or ["nothing"])[-1])
        if beside is not None:
            self.tally["beside another"] += 1
            assert not beside.end()
        watch.look()
        self._finish(watch, again=True)

    def _finish(self, watch: Watch, *, again: bool) -> None:
        for _ in range(MOST_RESUMES):
            child = Child.begin(mortal.finish, watch.place.folder)
            if again and self.draw.random() < TWICE:
                child.wait(self.draw.random() * 0.3)
                child.kill()
            if not child.end():
                break
            self.tally["killed while finishing"] += 1
            watch.look()
        else:
            assert not Child.begin(mortal.finish, watch.place.folder).end()
        self.tally["complete"], self.tally["open"] = self._settled(watch)

    def _settled(self, watch: Watch) -> tuple[int, int]:
        complete, opened = watch.settled()
        before = self._before
        return before[0] + complete, before[1] + opened

    def _engagement(self) -> Watch:
        self.engagements += 1
        self._before = (self.tally["complete"], self.tally["open"])
        return Watch(self.make(f"e{self.engagements}"))

    def _killed(self, moment: str) -> None:
        self.tally["killed"] += 1
        self.at[moment] += 1


def warm(place: Place) -> None:
    """Import here what an audit and its finishing import, so that children need not; in a child, which has threads."""

    def learn(folder: Path, moments: Moments) -> None:
        mortal.audit(folder, lambda _: None)
        mortal.finish(folder, lambda _: None)
        for name in sys.modules:
            moments(name)

    child = Child.begin(learn, place.folder)
    assert not child.end()
    for name in child.told.split():
        with suppress(ImportError):
            importlib.import_module(name)


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[dict[str, str]]:
    """Run servers in a process of their own, which tells where they are and ends with its standard input."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        try:
            yield json.loads(served.stdout.readline())
        finally:
            served.stdin.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", choices=["folder", "s3"], default="folder")
    parser.add_argument("--every-moment", action="store_true")
    parser.add_argument("--only", type=int, default=1)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20261129)
    asked = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with tempfile.TemporaryDirectory() as name, serving("tests.kills.services", name) as served:
        os.environ["AWS_ENDPOINT_URL"] = served["s3"]
        authority, roots = served["authority"], Path(served["roots"])
        client: Any = boto3.client("s3", region_name=REGION)

        def make(named: str) -> Place:
            folder = Path(name, named)
            if asked.place == "s3":
                return in_bucket(folder, authority, roots, client)
            return in_folder(folder, authority, roots)

        campaign = Campaign(make, random.Random(asked.seed), RUNS[asked.place])
        warm(make("warm"))
        if asked.every_moment:
            campaign.every_moment(asked.only)
        if asked.random:
            campaign.at_random(asked.random)
    print(json.dumps({"place": asked.place, **campaign.tally, "at": campaign.at}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
