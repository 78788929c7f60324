"""The storm: sources read through faults drawn at random, and what must hold of everything that comes out.

Usage: python -m tests.faults.storm [--runs N] [--only SOURCE …] [--seed N]

Each run reads evidence that is fine, or holds a violation, through one fault, and judges the source's clause over it:
1. met only where a clean run is met, and only with every record of a clean run; never breached where it is not;
2. no record is there twice or made up; 3. what is missing is on a card of its family, or the source failed;
4. every card's counts add up, and an incomplete one says why; 5. no secret is anywhere.
Exit 1 when one of these did not hold.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from checks.judge import Evidence, judge
from evidence.errors import BadInput, LimitExceeded, SourceError
from evidence.model import ExtractionCard, Finding, Status
from infra.source import Gathered
from infra.sources.files import Files
from tests.faults.scenario import SECRET, Fault, Scenario, gathering, scenarios
from tests.metamorphic.quick import QuickEngine
from tests.world import contract_of

SEED = 20261129
Rows = dict[str, Counter[tuple[Any, ...]]]


@dataclass
class Seen:
    """What one run gave; `failed` is why the source as a whole could not be read."""

    gathered: Gathered
    rows: Rows
    finding: Finding | None
    failed: str
    requests: int

    @property
    def cards(self) -> tuple[ExtractionCard, ...]:
        return self.gathered.cards

    @property
    def status(self) -> Status | None:
        return None if self.finding is None else self.finding.status


@dataclass
class Storm:
    """Runs over scenarios; clean runs are made once."""

    folder: Path
    wanted: dict[str, Scenario]
    clean: dict[tuple[str, bool], Seen] = field(default_factory=dict)
    number: int = 0

    def run(self, name: str, draw: random.Random) -> tuple[str, Seen, list[str]]:
        """Return what was done in one run, what came out, and what does not hold."""
        scenario, bad = self.wanted[name], draw.random() < 0.3
        before = self._clean(name, scenario, bad=bad)
        fault = Fault(draw.choice(scenario.faults), draw, before.requests)
        seen = self._seen(scenario, fault, bad=bad)
        what = f"{name}{' (violated)' if bad else ''}: {fault.name}, {'; '.join(sorted(set(fault.struck))) or 'missed'}"
        return what, seen, list(complaints(scenario, fault, before, seen))

    def _clean(self, name: str, scenario: Scenario, *, bad: bool) -> Seen:
        if (name, bad) not in self.clean:
            seen = self._seen(scenario, None, bad=bad)
            assert seen.status is None or (seen.status is Status.MET) is not bad, (
                f"{name}: {seen.finding} {seen.failed}"
            )
            assert all(seen.rows.values()), f"{name}: a clean run has no record: {seen.rows} {seen.failed}"
            self.clean[name, bad] = seen
        return self.clean[name, bad]

    def _seen(self, scenario: Scenario, fault: Fault | None, *, bad: bool) -> Seen:
        self.number += 1
        at = gathering(self.folder / str(self.number), scenario)
        failed, requests = "", 0
        try:
            requests = scenario.gather(at, fault, bad=bad)
        except (SourceError, LimitExceeded, BadInput) as cause:
            failed = str(cause)
        found = Gathered({}, at.gathered().cards) if failed else at.gathered()
        return Seen(found, _rows(scenario, found), self._finding(scenario, found, failed, bad=bad), failed, requests)

    def _finding(self, scenario: Scenario, found: Gathered, failed: str, *, bad: bool) -> Finding | None:
        if scenario.clause is None:
            return None
        other = self._beside(scenario, bad=bad)
        tables = {**found.tables, **other.tables}
        lost = scenario.gives if failed else frozenset[str]()
        evidence = Evidence(frozenset(tables), (*found.cards, *other.cards), lost)
        contract = contract_of(*scenario.clause)
        return judge(contract, scenario.period, scenario.instant, evidence, QuickEngine(tables)).findings[0]

    def _beside(self, scenario: Scenario, *, bad: bool) -> Gathered:
        listed = scenario.beside(bad=bad)
        if not listed:
            return Gathered({}, ())
        at = gathering(self.folder / f"{self.number}-beside", scenario)
        (at.root / "evidence").mkdir()
        for name, rows in listed.items():
            (at.root / f"evidence/{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        Files(path="evidence").gather(at)
        return at.gathered()


def _rows(scenario: Scenario, found: Gathered) -> Rows:
    rows: Rows = {name: Counter() for name in scenario.identity}
    for name, columns in scenario.identity.items():
        for path in found.tables.get(name, ()):
            listed = pq.read_table(path, columns=list(columns)).to_pylist()
            rows[name].update(tuple(map(str, row.values())) for row in listed)
    return rows


def needed(scenario: Scenario) -> frozenset[str]:
    """Return the families that the scenario's clause cannot be met without."""
    if scenario.clause is None:
        return frozenset()
    (commitment,) = contract_of(*scenario.clause).commitments.values()
    return frozenset(need.family for need in commitment.needs if need.required)


def complaints(scenario: Scenario, fault: Fault, clean: Seen, seen: Seen) -> Iterator[str]:
    """Yield what does not hold of a run."""
    read = needed(scenario)
    whole = all(not (counted - seen.rows[name]) for name, counted in clean.rows.items() if name in read)
    if seen.status is Status.MET and (clean.status is not Status.MET or not whole):
        yield f"met, and {'a clean run is not' if whole else 'records are missing'}"  # 1
    known = scenario.silent | scenario.altering
    if seen.status is Status.BREACHED and clean.status is not Status.BREACHED and fault.name not in known:
        yield "breached, and a clean run is not"
    for name, counted in clean.rows.items():
        there = seen.rows[name]
        more = sorted(_made_up(counted, there, scenario.older.get(name, frozenset())))
        if fault.name != "doubled" and more and fault.name not in scenario.altering:
            yield f"{name}: twice or made up: {more[:3]}"  # 2
        if (lost := counted - there) and fault.name not in known and not _told(name, seen):
            yield f"{name}: lost and not told: {sorted(lost)[:3]}"  # 3
    for card in seen.cards:
        if card.received != card.rows + card.not_relevant + card.duplicates + card.unreadable:
            yield f"{card.address}: counts do not add up"  # 4
        if not card.complete and not card.problems:
            yield f"{card.address}: incomplete and does not say why"
    texts = [seen.failed, *seen.gathered.problems, *(json.dumps(card.as_json()) for card in seen.cards)]
    if any(SECRET in text for text in texts):
        yield "a secret was given away"  # 5


def _made_up(clean: Counter[Any], there: Counter[Any], older: frozenset[tuple[str, ...]]) -> Counter[Any]:
    """Return the rows that no clean run has; an older state counts for its record, which is still there but once."""
    more = there - clean
    replaced = Counter({row: count for row, count in more.items() if row in older})
    records = Counter(row[0] for row in there.elements()) - Counter(row[0] for row in clean.elements())
    return more - replaced if not records else more


def _told(name: str, seen: Seen) -> bool:
    """Return whether a reader sees that records of a family are missing."""
    if seen.failed:
        return True
    return any(name in c.families and (not c.complete or c.unreadable or c.blind) for c in seen.cards)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    wanted = {name: one for name, one in scenarios().items() if not asked.only or name in asked.only}
    wrong, told = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        storm = Storm(Path(folder), wanted)
        for number in range(asked.runs):
            name = sorted(wanted)[number % len(wanted)]
            what, seen, found = storm.run(name, random.Random(f"{asked.seed} {number}"))
            told[f"{name}: {'failed' if seen.failed else 'partial' if _partial(seen) else 'whole'}"] += 1
            told[f"verdict {seen.status.value if seen.status else 'of no clause'}"] += 1
            wrong += bool(found)
            for complaint in found:
                print(f"run {number}, {what}: {complaint}", file=sys.stderr)
    print(json.dumps({"runs": asked.runs, "wrong": wrong, "seed": asked.seed, **dict(sorted(told.items()))}, indent=2))
    return int(wrong > 0)


def _partial(seen: Seen) -> bool:
    return any(not card.complete or card.unreadable for card in seen.cards)


if __name__ == "__main__":
    sys.exit(main())
