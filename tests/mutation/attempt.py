"""Try evidence thought out by a person on the mutants that are left, and keep what tells one apart as an edge.

Usage: attempt.py KIND [FILE] --left FOLDER [--keep]. FOLDER is what `search.py` or `run.py` wrote; without FILE, what
is left of the kind is printed. FILE is a YAML list; each entry is written as a case is, with `of`, the name of the case
that it changes, or without it, when the first case is changed. What the kernel says of it need not be stated. With
`--keep`, what tells a mutant apart is added to `edges.yaml`, and FOLDER knows that the mutant is noticed. Read what the
kernel says before you keep it: an edge states it for ever.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from pathlib import Path
from typing import Any

from checks.commitments import discover
from tests.metamorphic.desk import Desk, cases
from tests.mutation.case import case_of
from tests.mutation.edges import distinct, edges, path_of, written
from tests.mutation.run import reasons
from tests.mutation.search import Edge, as_case, told_apart, watched
from tests.mutation.session import Room
from tests.mutation.sites import Site
from tests.mutation.triage import differences
from tests.world import load_cases


def left(folder: Path) -> set[Site]:
    """Return the mutants that no kind's cases and no edge noticed."""
    killed, alive = set[Site](), set[Site]()
    for path in folder.glob("*.pickle"):
        dead, living = pickle.loads(path.read_bytes())
        killed |= dead
        alive |= set(living)
    return alive - killed


def main() -> int:
    """Try, print, and keep what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(discover()))
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--left", type=Path, required=True)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    alive = left(asked.left)
    if asked.file is None:
        return _listed(asked.kind, alive, asked.left)
    kept: list[dict[str, Any]] = []
    dead = set[Site]()
    with tempfile.TemporaryDirectory() as folder, Room() as room:
        desk = Desk(Path(folder))
        for stated in load_cases(asked.file):
            entry = _whole(asked.kind, stated)
            edge = _told(asked.kind, entry, alive, desk, room)
            said = edge.plain
            print(f"{said.status} {[str(r) for r in said.reasons]} {said.population.model_dump(exclude_defaults=True)}")
            if differing := {k: v for k, v in stated.items() if k == "expect" and v != said.status}:
                print(f"  NOT AS STATED: {differing}")
                continue
            for site, other in edge.told.items():
                print(f"  {site}\n      {'; '.join(differences(said, other))}")
            if edge.told:
                kept.append(as_case(asked.kind, edge))
            alive -= edge.told.keys()
            dead |= edge.told.keys()
    print(f"{len(dead)} told apart by {len(kept)} edges")
    if asked.keep and kept:
        _keep(asked.kind, kept, dead, asked.left)
    return 0


def _listed(kind: str, alive: set[Site], folder: Path) -> int:
    path = folder / f"{kind}.pickle"
    if not path.exists():
        print("the search has not come to this kind yet")
        return 1
    effects: dict[Site, str] = pickle.loads(path.read_bytes())[1]
    known = tuple(reasons())
    for site in [s for s in effects if s in alive and not any(text in str(s) for text in known)]:
        print(f"{site}\n    {effects[site]}")
    return 0


def _whole(kind: str, stated: dict[str, Any]) -> dict[str, Any]:
    listed = cases(kind)["cases"]
    origin = next(c for c in listed if c["name"] == stated["of"]) if "of" in stated else listed[0]
    taken = {k: v for k, v in origin.items() if k in {"change", "terms", "period", "as_of", "tamper", "lose"}}
    return taken | {k: v for k, v in stated.items() if k != "expect"} | {"of": origin["name"]}


def _told(kind: str, entry: dict[str, Any], alive: set[Site], desk: Desk, room: Room) -> Edge:
    case = case_of(kind, entry, desk, room)
    told = told_apart(case, alive & watched(case))
    room.leave(case.memory.session)
    return Edge(entry, case.plain, told)


def _keep(kind: str, kept: list[dict[str, Any]], dead: set[Site], folder: Path) -> None:
    path_of(kind).write_text(written(distinct([*edges(kind), *kept])))
    record = folder / f"kept-{kind}.pickle"
    before = pickle.loads(record.read_bytes())[0] if record.exists() else frozenset()
    record.write_bytes(pickle.dumps((before | dead, {})))


if __name__ == "__main__":
    sys.exit(main())
