"""Break the SQL of every kernel, and the status function, in one place at a time, and see whether a case notices.

Usage: run.py [--kind NAME …] [--operator WORD …] [--sample N] [--explained] [--jobs N] [--out FOLDER]. Prints, per
kind, how many mutants there were and which no case noticed, nor what the tests of `tests/metamorphic` ask of every
kind. With FOLDER, `attempt.py` can go on from what is left, and another run from where one was cut short. Kernels are
shared: a mutant survived only when the cases of every kind asked for let it pass. Exit 1 when a survivor is not
explained in `survivors/`, or when a whole run finds nothing that an explanation there speaks of. A mutant that is
explained is not tried, unless `--explained` asks whether a case notices it after all. A sample is drawn from a seed, at
most N mutants a kind.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from checks.commitments import discover
from tests.metamorphic.desk import Desk, cases
from tests.mutation import calendar
from tests.mutation.case import Case, opened
from tests.mutation.session import Mutate, Room
from tests.mutation.sites import WORDS, Site, mutant, sites
from tests.mutation.status import mutants, noticed
from tests.mutation.triage import Effect, differences, summary
from tests.world import load_cases

EXPLAINED = Path(__file__).with_name("survivors")
SEED = 20261124


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
    effects: dict[Site, str]


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

        case.plain = case.finding(note)
        if not case.accepts(case.plain):
            raise ValueError(f"a case fails without any mutation: {case.stated['name']}")
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
        effects = {site: effect for site in chosen if (effect := unnoticed(site, ran[site], sharpest)) is not None}
    return Tried(kind, len(chosen), frozenset(chosen) - effects.keys(), tuple(effects), explained, effects)


def unnoticed(site: Site, seen: Seen, sharpest: dict[int, int]) -> str | None:
    """Return what a mutant did that no case noticed, or None where a case did."""
    start, end = sites(seen.sql)[site]
    if calendar.within(seen.sql, start, end) and calendar.noticed(mutant(seen.sql, site), start):
        return None
    effects: list[Effect] = []
    # What killed most so far is asked first: most mutants then cost one case instead of fifty.
    for case in sorted(seen.cases, key=lambda case: -sharpest.get(id(case), 0)):
        found = case.attempt(mutated(site))
        if found is None or not case.accepts(found):
            sharpest[id(case)] = sharpest.get(id(case), 0) + 1
            return None
        said = tuple(differences(case.plain, found))
        if said or case.memory.moved:
            effects.append(Effect(case.stated["name"], said))
    return summary(effects)


def reasons() -> dict[str, str]:
    """Return why each known survivor changes nothing, by a part of the text of its site that has the brackets."""
    found: dict[str, str] = {}
    for path in sorted(EXPLAINED.glob("*.yaml")):
        found |= load_cases(path) or {}
    return found


def every(kinds: list[str], asked: Asked, jobs: int, before: list[Tried]) -> Iterator[Tried]:
    """Give what became of each kind's mutants, several kinds at a time; what one kind killed, a later one spares."""
    yield from before
    killed = frozenset().union(*(tried.killed for tried in before))
    # The kinds with most cases come first: what they kill in a shared kernel costs the others nothing.
    waiting = sorted(set(kinds) - {tried.kind for tried in before}, key=lambda kind: -len(cases(kind)["cases"]))
    running: set[Future[Tried]] = set()
    with ProcessPoolExecutor(jobs) as pool:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.add(pool.submit(tried, waiting.pop(0), killed, asked))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for result in (future.result() for future in done):
                killed |= result.killed
                yield result


def keep(folder: Path, kind: str, killed: frozenset[Site], alive: dict[Site, str]) -> None:
    """Write which mutants of a kind were noticed, and what those did that were not."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{kind}.pickle").write_bytes(pickle.dumps((killed, alive)))


def kept(folder: Path) -> list[Tried]:
    """Return what an earlier run and attempts wrote; it does not say which explained mutants are still there."""
    found = {path.stem: pickle.loads(path.read_bytes()) for path in sorted(folder.glob("*.pickle"))}
    return [
        Tried(name, len(killed) + len(alive), killed, tuple(alive), frozenset(), alive)
        for name, (killed, alive) in found.items()
    ]


def main() -> int:
    """Run, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=sorted(discover()))
    parser.add_argument("--operator", action="append", choices=WORDS)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--explained", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    known = reasons()
    killed, alive, explained = set[Site](), dict[Site, str](), set[Site]()
    wanted = Asked(() if asked.explained else tuple(known), frozenset(asked.operator or ()), asked.sample)
    before = kept(asked.out) if asked.out else []
    for result in every(asked.kind or sorted(discover()), wanted, asked.jobs, before):
        killed |= result.killed
        explained |= result.explained
        alive.update(dict.fromkeys(result.alive, result.kind))
        if asked.out:
            keep(asked.out, result.kind, result.killed, result.effects)
        left = [site for site in result.alive if not any(text in str(site) for text in known)]
        print(f"{result.kind:36} {result.number:5} mutants, {len(left):4} not noticed", flush=True)
        for site in left:
            print(f"    {site}\n        {result.effects[site]}", flush=True)
    return _concluded(
        known, killed, alive, explained, whole=not (before or asked.kind or asked.sample or asked.operator)
    )


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
