"""The storm: per kind, hundreds of damaged datasets, none of which may be met, and none breached without proof.

Usage: storm.py [--datasets N] [--kind NAME …]. Damage is drawn from a seed, so a run repeats. Two sorts are counted
apart: what *hides* evidence (lost rows, families and columns, values nulled, blanked or stripped of their zone,
documents altered, unsigned, lost or about something else) must never be met; what only makes evidence *unreadable*
(values, lines, columns, sources that failed) must never be breached either, because nothing was proved. Some of it is
done to evidence that holds a violation, which must not be met either. Exit 1 when one verdict was wrong.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.families.schema import Type
from evidence.model import Status
from tests.metamorphic.desk import KINDS, TORN, Desk, base, broken, cases, columns, needed
from tests.world import Rows

SEED = 20261123
DATASETS = 200


@dataclass(frozen=True)
class Damage:
    """One damaged dataset: what was done, the rows left, and how its files were spoilt."""

    what: str
    rows: Rows
    how: dict[str, Any]
    unreadable: bool


Maker = Callable[[str, random.Random], Damage | None]


def lost_rows(kind: str, draw: random.Random) -> Damage | None:
    """Take away rows that a total, an inventory or a schedule speaks of."""
    rows = base(kind)
    places = [(n, i) for n in cases(kind)["indispensable"] for i in range(len(rows[n]))]
    lost = set(draw.sample(places, draw.randint(1, len(places))))
    left = {n: [r for i, r in enumerate(listed) if (n, i) not in lost] for n, listed in rows.items()}
    return Damage(f"lost {sorted(lost)}", left, {}, unreadable=False)


def lost_family(kind: str, draw: random.Random) -> Damage | None:
    """Take away, empty, or fail to reach a whole family."""
    rows = base(kind)
    name = draw.choice(sorted(rows))
    way = draw.choice(("absent", "empty", "failed"))
    if way == "failed":
        return Damage(f"{name} failed", rows, {"failed": [name]}, unreadable=True)
    left = {n: r for n, r in rows.items() if n != name} if way == "absent" else rows | {name: []}
    return Damage(f"{name} {way}", left, {}, unreadable=False)


def lost_column(kind: str, draw: random.Random) -> Damage | None:
    """Take a needed column out of a family."""
    rows = base(kind)
    name = draw.choice(sorted(rows))
    column = draw.choice(needed(name))
    if column == "file_sha256":
        return None
    return Damage(
        f"{name}.{column} missing",
        rows | {name: [{k: v for k, v in r.items() if k != column} for r in rows[name]]},
        {},
        unreadable=True,
    )


def torn_line(kind: str, draw: random.Random) -> Damage | None:
    """Leave a line that nobody can read in the place of a row."""
    rows = base(kind)
    name = draw.choice(sorted(rows))
    index = draw.randrange(len(rows[name]))
    rows[name][index] = TORN
    return Damage(f"{name}[{index}] torn", rows, {}, unreadable=True)


def violated(kind: str, draw: random.Random) -> Damage | None:
    """Hide a part of evidence that holds a violation: the rest of it is as incomplete as any other."""
    rows = broken(kind)
    name = draw.choice(sorted(rows))
    if draw.random() < 0.5:
        return Damage(f"violated, {name} failed", rows, {"failed": [name]}, unreadable=False)
    index = draw.randrange(len(rows[name]))
    rows[name][index] = TORN
    return Damage(f"violated, {name}[{index}] torn", rows, {}, unreadable=False)


def spoilt_value(kind: str, draw: random.Random) -> Damage | None:
    """Null, blank or garble a needed value, or strip an instant of its zone."""
    rows = base(kind)
    name = draw.choice(sorted(rows))
    index = draw.randrange(len(rows[name]))
    column = draw.choice(needed(name))
    needless = cases(kind).get("needless", {}).get(name, {}).get(index, ())
    if column in needless or rows[name][index].get(column) is None:
        return None
    stated = rows[name][index][column]
    instants = columns(name, Type.INSTANT)
    spoilt = draw.choice([None, stated.removesuffix("Z")] if column in instants else [None, "", "  "])
    if spoilt == stated or (spoilt is not None and not isinstance(stated, str)):
        return None
    rows[name][index][column] = spoilt
    return Damage(f"{name}[{index}].{column} = {spoilt!r}", rows, {}, unreadable=True)


def spoilt_document(kind: str, draw: random.Random) -> Damage | None:
    """Alter, lose or unsign a document's file."""
    rows = base(kind)
    wanted = [i for i, r in enumerate(rows.get("documents", [])) if "documents" in cases(kind)["indispensable"]]
    if not wanted:
        return None
    index = draw.choice(wanted)
    row = rows["documents"][index]
    way = draw.choice(("tamper", "lose", "none", "invalid", "unknown-signer"))
    if way in {"tamper", "lose"}:
        return Damage(f"documents[{index}] {way}", rows, {way: [row["file"]]}, unreadable=False)
    row["signature"] = way
    return Damage(f"documents[{index}] signature {way}", rows, {}, unreadable=False)


def another_document(kind: str, draw: random.Random) -> Damage | None:
    """Swap in a document of another holder, service or period."""
    rows = base(kind)
    if "documents" not in cases(kind)["indispensable"]:
        return None
    index = draw.randrange(len(rows["documents"]))
    changes: list[dict[str, Any]] = [{"holder_entity": "Cloud Inc"}, {"services": ["something-else"]}]
    changes.append({"kind": "white-paper"})
    change = draw.choice(changes)
    rows["documents"][index] |= change
    return Damage(f"documents[{index}] {change}", rows, {}, unreadable=False)


MAKERS: tuple[Maker, ...] = (
    lost_rows,
    lost_family,
    lost_column,
    torn_line,
    torn_line,
    violated,
    spoilt_value,
    spoilt_value,
    spoilt_value,
    spoilt_document,
    another_document,
)


def storm(kind: str, datasets: int, desk: Desk) -> tuple[int, list[str], list[str]]:
    """Return how many datasets were tried, and which were wrongly met and wrongly breached."""
    draw = random.Random(f"{SEED} {kind}")
    met: list[str] = []
    breached: list[str] = []
    tried = 0
    while tried < datasets:
        damage = draw.choice(MAKERS)(kind, draw)
        if damage is None:
            continue
        if draw.random() < 0.5:
            damage = _shuffled(damage, draw)
        tried += 1
        status = desk.status(kind, damage.rows, **damage.how)
        if status is Status.MET:
            met.append(damage.what)
        if status is Status.BREACHED and damage.unreadable and not _breaks(kind, damage.what):
            breached.append(damage.what)
    return tried, met, breached


def _breaks(kind: str, what: str) -> bool:
    """Return whether a value that is missing is itself the breach, as of an actor in a log that must name actors."""
    return what.partition("[")[0] in cases(kind).get("absence_breaks", ())


def _shuffled(damage: Damage, draw: random.Random) -> Damage:
    rows = {name: draw.sample(listed, len(listed)) for name, listed in damage.rows.items()}
    return Damage(damage.what, rows, damage.how, damage.unreadable)


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=DATASETS)
    parser.add_argument("--kind", action="append", choices=KINDS)
    arguments = parser.parse_args()
    wrong = 0
    print(f"{'kind':<38}{'tried':>7}{'wrongly met':>13}{'wrongly breached':>18}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in arguments.kind or KINDS:
            tried, met, breached = storm(kind, arguments.datasets, Desk(Path(folder) / kind))
            wrong += len(met) + len(breached)
            print(f"{kind:<38}{tried:>7}{len(met):>13}{len(breached):>18}", flush=True)
            for what in sorted({*met, *breached}):
                print(f"    {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
