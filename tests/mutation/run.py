"""Break the SQL of every kernel, and the status function, in one place at a time, and see whether a case notices.

Usage: run.py [--kind NAME …] [--operator WORD …] [--sample N] [--explained] [--jobs N]. Prints, per kind, how many
mutants there were and which no case noticed, nor what the tests of `tests/metamorphic` ask of every kind. Kernels are
shared: a mutant survived only when the cases of every kind asked for let it pass. Exit 1 when a survivor is not
explained in `survivors.yaml`, or when a whole run finds nothing that an explanation there speaks of. A mutant that is
explained is not tried, unless `--explained` asks whether a case notices it after all. A sample is drawn from a seed, at
most N mutants a kind.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.commitments import discover
from checks.judge import Evidence, judge
from evidence.model import Finding, Period
from tests.metamorphic.desk import Desk, cases, in_files
from tests.mutation import calendar
from tests.mutation.damages import damages
from tests.mutation.session import Memory, Mutate, Room, Tampered
from tests.mutation.sites import WORDS, Site, mutant, sites
from tests.mutation.status import mutants, noticed
from tests.world import changed, contract_of, load_cases

EXPLAINED = Path(__file__).with_name("survivors.yaml")
SEED = 20261124
#: Seconds after which a mutant counts as noticed because it does not end.
PATIENCE = 20.0


@dataclass
class Case:
    """One case with its evidence already gathered and its session open."""

    stated: dict[str, Any]
    contract: Any
    period: Period
    as_of: datetime
    evidence: Evidence
    room: Room
    memory: Memory

    def finding(self, mutate: Mutate) -> Finding:
        """Return what the kind says over changed SQL."""
        self.memory.session.enter()
        engine = nullcontext(Tampered(self.memory, mutate))
        return judge(self.contract, self.period, self.as_of, self.evidence, engine).findings[0]

    def holds(self, mutate: Mutate) -> bool:
        """Return whether everything the case states is what came out, and within `PATIENCE`: a mutant may not end."""
        stated = self.stated
        try:
            with self.room.patience(PATIENCE) as tired:
                found = self.finding(mutate)
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            return False
        return (
            not tired()
            and (found.status == stated["expect"] if "expect" in stated else found.status not in stated["never"])
            and set(stated.get("reasons", ())) <= set(found.reasons)
            and stated.get("assurance", found.assurance) == found.assurance
            and stated.get("provisional", found.provisional) == found.provisional
            and all(getattr(found.population, n) == count for n, count in stated.get("population", {}).items())
        )


@dataclass(frozen=True)
class Asked:
    """Which mutants to try: all that no text of `known` explains, of these operators, a sample of each kind."""

    known: tuple[str, ...] = ()
    operators: frozenset[str] = frozenset()
    sample: int | None = None


@dataclass(frozen=True)
class Tried:
    """What became of the mutants of one kind: of `number` tried, those a case noticed and those none did."""

    kind: str
    number: int
    killed: frozenset[Site]
    alive: tuple[Site, ...]
    explained: frozenset[Site]


def opened(kind: str, desk: Desk, room: Room) -> list[Case]:
    """Gather every case of a kind, and what the storm does to its base, and give each its session."""
    whole = cases(kind)
    return [_case(kind, whole, stated, desk, room) for stated in (*whole["cases"], *damages(kind))]


def _case(kind: str, whole: dict[str, Any], stated: dict[str, Any], desk: Desk, room: Room) -> Case:
    period = Period.model_validate(stated.get("period", whole["period"]))
    rows = stated["rows"] if "rows" in stated else changed(whole["given"], stated.get("change", {}))
    tables, evidence = desk.evidence(
        in_files(rows), period, stated.get("tamper", ()), stated.get("lose", ()), stated.get("failed", ())
    )
    return Case(
        stated=stated,
        contract=contract_of(kind, whole["terms"] | stated.get("terms", {})),
        period=period,
        as_of=datetime.fromisoformat(stated.get("as_of", whole["as_of"])),
        evidence=evidence,
        room=room,
        memory=Memory(room.session(tables)),
    )


@dataclass
class Seen:
    """Where a site was seen: in which cases, and once in which statement."""

    sql: str
    cases: list[Case] = field(default_factory=list)


def observed(opened: list[Case]) -> dict[Site, Seen]:
    """Run every case unchanged and return the sites of the statements they executed."""
    ran: dict[Site, Seen] = {}
    for case in opened:
        found: dict[Site, str] = {}

        def note(sql: str, found: dict[Site, str] = found) -> str:
            found.update(dict.fromkeys(sites(sql), sql))
            return sql

        if not case.holds(note):
            raise SystemExit(f"a case fails without any mutation: {case.stated['name']}")
        for site, sql in found.items():
            ran.setdefault(site, Seen(sql)).cases.append(case)
    return ran


def mutated(site: Site) -> Mutate:
    """Return the change of one site, which leaves every other statement as it is."""
    return lambda sql: mutant(sql, site)


def tried(kind: str, killed: frozenset[Site], asked: Asked) -> Tried:
    """Try the mutants of a kind that nothing killed yet and no reason explains."""
    with tempfile.TemporaryDirectory() as folder, Room() as room:
        ran = observed(opened(kind, Desk(Path(folder)), room))
        explained = frozenset(site for site in ran if any(text in str(site) for text in asked.known))
        fresh = [s for s in ran if s not in killed | explained and (not asked.operators or s.word in asked.operators)]
        number = len(fresh) if asked.sample is None else min(asked.sample, len(fresh))
        chosen = fresh if number == len(fresh) else random.Random(SEED).sample(fresh, number)
        sharpest: dict[int, int] = {}
        dead = {site for site in chosen if _killed(site, ran[site], sharpest)}
    return Tried(kind, len(chosen), frozenset(dead), tuple(s for s in chosen if s not in dead), explained)


def _killed(site: Site, seen: Seen, sharpest: dict[int, int]) -> bool:
    start, end = sites(seen.sql)[site]
    if calendar.within(seen.sql, start, end) and calendar.noticed(mutant(seen.sql, site), start):
        return True
    # What killed most so far is asked first: most mutants then cost one case instead of fifty.
    for case in sorted(seen.cases, key=lambda case: -sharpest.get(id(case), 0)):
        if not case.holds(mutated(site)):
            sharpest[id(case)] = sharpest.get(id(case), 0) + 1
            return True
    return False


def reasons() -> dict[str, str]:
    """Return why each known survivor changes nothing, by a part of the text of its site that has the brackets."""
    return load_cases(EXPLAINED) or {} if EXPLAINED.exists() else {}


def every(kinds: list[str], asked: Asked, jobs: int) -> Iterator[Tried]:
    """Give what became of each kind's mutants, several kinds at a time; what one kind killed, a later one spares."""
    killed: frozenset[Site] = frozenset()
    # The kinds with most cases come first: what they kill in a shared kernel costs the others nothing.
    waiting = sorted(kinds, key=lambda kind: -len(cases(kind)["cases"]))
    running: set[Future[Tried]] = set()
    with ProcessPoolExecutor(jobs) as pool:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.add(pool.submit(tried, waiting.pop(0), killed, asked))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for result in (future.result() for future in done):
                killed |= result.killed
                yield result


def main() -> int:
    """Run, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=sorted(discover()))
    parser.add_argument("--operator", action="append", choices=WORDS)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--explained", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    known = reasons()
    killed, alive, explained = set[Site](), dict[Site, str](), set[Site]()
    wanted = Asked(() if asked.explained else tuple(known), frozenset(asked.operator or ()), asked.sample)
    for result in every(asked.kind or sorted(discover()), wanted, asked.jobs):
        killed |= result.killed
        explained |= result.explained
        alive.update(dict.fromkeys(result.alive, result.kind))
        left = [site for site in result.alive if not any(text in str(site) for text in known)]
        print(f"{result.kind:36} {result.number:5} mutants, {len(left):4} not noticed", flush=True)
        for site in left:
            print(f"    {site}", flush=True)
    return _concluded(known, killed, alive, explained, whole=not (asked.kind or asked.sample or asked.operator))


def _concluded(
    known: dict[str, str], killed: set[Site], alive: dict[Site, str], explained: set[Site], *, whole: bool
) -> int:
    broken = list(mutants())
    unseen = [name for name, mutant in broken if not noticed(mutant)]
    print(f"{'the status function':36} {len(broken):5} mutants, {len(unseen):4} not noticed", *unseen, sep="\n    ")
    open_ones = {s: k for s, k in alive.items() if s not in killed and not any(text in str(s) for text in known)}
    for site, kind in open_ones.items():
        print(f"  survived ({kind}): {site}")
    wrong = [text for text in known if any(text in str(site) for site in killed)]
    for text in wrong:
        print(f"  a case notices what is explained as equal: {text}")
    texts = [str(site) for site in (*killed, *alive, *explained)]
    idle = [text for text in known if whole and not any(text in each for each in texts)]
    for text in idle:
        print(f"  explained and not there: {text}")
    print(
        f"{len(killed)} killed, {len(alive.keys() - killed) + len(explained)} survived, "
        f"{len(open_ones)} of them not explained"
    )
    return 1 if open_ones or unseen or wrong or idle else 0


if __name__ == "__main__":
    sys.exit(main())
