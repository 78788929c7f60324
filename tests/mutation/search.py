"""Look for evidence that tells the mutants no case notices from the kernel, and write what was found as edges.

Usage: search.py --out FOLDER [--kind NAME …] [--seconds N] [--jobs N] [--seed N]. A kind that FOLDER has is left out.
Every edge is a case changed in one to three places, with what the kernel says of it; whether that is what the promise
means is for a person to say before it goes into `edges.yaml`. Of what is told apart by several, the fewest edges are
kept.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from checks.commitments import discover
from evidence.errors import ProbityError
from evidence.model import Finding, Reason
from tests.metamorphic.desk import Desk, cases
from tests.mutation.case import Case, case_of, opened
from tests.mutation.edges import name_of
from tests.mutation.moves import CONTEXT, Moves
from tests.mutation.run import Seen, keep, mutated, observed, reasons, unnoticed
from tests.mutation.session import Room
from tests.mutation.sites import Site, sites
from tests.mutation.triage import differences
from tests.world import answers

DOCUMENTS = ("soc2-type2-attestation", "annual-third-party-audit")


@dataclass
class Edge:
    """Changed evidence, what the kernel says of it, and which mutants say otherwise, with what they say."""

    stated: dict[str, Any]
    plain: Finding
    told: dict[Site, Finding]


@dataclass
class Found:
    """What the search of one kind gave."""

    kind: str
    killed: frozenset[Site] = frozenset()
    alive: dict[Site, str] = field(default_factory=dict)
    edges: list[dict[str, Any]] = field(default_factory=list)
    tries: int = 0


def search(kind: str, spared: frozenset[Site], known: tuple[str, ...], seconds: float, seed: int) -> Found:
    """Try the mutants of a kind over its cases, then over changed ones until the time is over."""
    with tempfile.TemporaryDirectory() as folder, Room() as room:
        desk = Desk(Path(folder))
        listed = opened(kind, desk, room)
        ran = observed(listed)
        fresh = [s for s in ran if s not in spared and not any(text in str(s) for text in known)]
        sharpest: dict[int, int] = {}
        effects = {s: e for s in fresh if (e := unnoticed(s, ran[s], sharpest)) is not None}
        result = Found(kind, frozenset(fresh) - effects.keys(), effects)
        near = {s: _near(s, ran[s]) for s in effects}
        alive = set(effects)
        edges = list(_stated(listed, ran, alive))
        moves, draw, end = Moves(kind, seed), random.Random(seed), time.monotonic() + seconds
        while alive and time.monotonic() < end:
            result.tries += 1
            target = draw.choice(sorted(alive, key=str))
            stated, touched = moves.drawn(near[target])
            edge = _tried(kind, stated, touched, target, alive, near, desk, room)
            if edge is not None:
                alive -= edge.told.keys()
                edges.append(edge)
        result.edges = [as_case(kind, e) | {"tells": [str(s) for s in e.told]} for e in _fewest(edges)]
        result.alive = {s: effects[s] for s in effects if s in alive}
        result.killed |= effects.keys() - alive
    return result


def _near(site: Site, seen: Seen) -> str:
    start, end = sites(seen.sql)[site]
    return seen.sql[max(0, start - CONTEXT) : end + CONTEXT]


def _stated(listed: list[Case], ran: dict[Site, Seen], alive: set[Site]) -> Iterator[Edge]:
    """Give the cases that tell mutants apart if only they stated more."""
    for case in listed:
        if "expect" not in case.stated or "rows" in case.stated:
            continue
        told = told_apart(case, (s for s in set(alive) if case in ran[s].cases))
        if told:
            alive.difference_update(told)
            yield Edge(case.stated, case.plain, told)


def _tried(
    kind: str,
    stated: dict[str, Any],
    touched: frozenset[str],
    target: Site,
    alive: set[Site],
    near: dict[Site, str],
    desk: Desk,
    room: Room,
) -> Edge | None:
    try:
        case = case_of(kind, stated, desk, room)
        seen = watched(case)
    except (ProbityError, ValueError, OverflowError):
        return None
    told: dict[Site, Finding] = {}
    if Reason.ENGINE_ERROR not in case.plain.reasons:
        fitting = {s for s in alive & seen if "everything" in touched or any(t in near[s] for t in touched)}
        told = told_apart(case, fitting | ({target} & seen))
    room.leave(case.memory.session)
    return Edge(stated, case.plain, told) if told else None


def watched(case: Case) -> set[Site]:
    """Judge a case as it is, keep what is said of it, and return the sites of the statements that ran."""
    seen: set[Site] = set()

    def note(sql: str) -> str:
        seen.update(sites(sql))
        return sql

    case.plain = case.finding(note)
    return seen


def told_apart(case: Case, mutants: Iterable[Site]) -> dict[Site, Finding]:
    """Return which mutants say otherwise of a case that was judged as it is, and what they say."""
    found = ((site, case.attempt(mutated(site))) for site in mutants)
    return {site: said for site, said in found if said is not None and any(differences(case.plain, said))}


def _fewest(edges: list[Edge]) -> list[Edge]:
    """Return edges that tell apart as many mutants as all of them, most telling first."""
    kept: list[Edge] = []
    left = {site for edge in edges for site in edge.told}
    waiting = list(edges)
    while left:
        best = max(waiting, key=lambda e: len(e.told.keys() & left))
        left -= best.told.keys()
        waiting.remove(best)
        kept.append(best)
    return kept


def as_case(kind: str, edge: Edge) -> dict[str, Any]:
    """Return an edge as a case that states enough to tell its mutants apart."""
    kept = ("of", "change", "terms", "period", "as_of", "tamper", "lose", "failed")
    base = {k: edge.stated[k] for k in kept if k in edge.stated} | {
        "of": edge.stated.get("of", edge.stated.get("name"))
    }
    plain = edge.plain
    said: dict[str, Any] = {"expect": str(plain.status)}
    if plain.reasons:
        said["reasons"] = [str(r) for r in plain.reasons]
    for other in edge.told.values():
        if not list(answers(other, said)):
            more = next((w for w in _wider(plain) if list(answers(other, _with(said, w)))), {})
            said = _with(said, more)
    return {"name": name_of(kind, base), **base, **said}


def _with(said: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    merged = {name: said.get(name, {}) | more[name] for name in ("population", "counted") if name in more}
    return said | more | merged


def _wider(plain: Finding) -> list[dict[str, Any]]:
    """Return what a case may state besides its status and reasons, what matters most first."""
    counts = [{"population": {name: count}} for name, count in plain.population.model_dump().items()]
    return [
        *counts,
        {"worst": plain.measure and plain.measure.worst},
        {"assurance": plain.assurance and str(plain.assurance)},
        {"provisional": plain.provisional},
        {"no_other_reason": True},
        {"uncovered": [c.subject for c in plain.coverage if not c.covered]},
        *({"counted": {c.subject: f"{c.observed} of {c.expected}"}} for c in plain.coverage),
        {"against": [e.record for e in plain.exhibits]},
    ]


def main() -> int:
    """Search, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=sorted(discover()))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    known = tuple(reasons())
    # What documents are worth is judged by one kernel for many kinds, and these two try it hardest.
    order = sorted(discover(), key=lambda k: (k not in DOCUMENTS, -len(cases(k)["cases"])))
    waiting = [kind for kind in asked.kind or order if not (asked.out / f"{kind}.pickle").exists()]
    spared: frozenset[Site] = frozenset().union(*(pickle.loads(p.read_bytes())[0] for p in asked.out.glob("*.pickle")))
    running: set[Future[Found]] = set()
    with ProcessPoolExecutor(asked.jobs) as pool:
        while waiting or running:
            while waiting and len(running) < asked.jobs:
                running.add(pool.submit(search, waiting.pop(0), spared, known, asked.seconds, asked.seed))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for failed in filter(None, (future.exception() for future in done)):
                # One kind whose cases do not hold takes nothing from the others.
                print(f"not searched: {failed}", flush=True)
            for found in (future.result() for future in done if future.exception() is None):
                spared |= found.killed
                _kept(asked.out, found)
    return 0


def _kept(folder: Path, found: Found) -> None:
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 10_000
    with (folder / f"{found.kind}.edges.yaml").open("w") as out:
        yaml.dump(found.edges, out)
    lines = [f"{site}\n    {effect}" for site, effect in found.alive.items()]
    (folder / f"{found.kind}.alive.txt").write_text("\n".join(lines) + "\n")
    keep(folder, found.kind, found.killed, found.alive)
    print(f"{found.kind}: {len(found.edges)} edges, {len(found.alive)} alive, {found.tries} tries", flush=True)


if __name__ == "__main__":
    sys.exit(main())
