"""Break the SQL of every kernel, and the status function, in one place at a time, and see whether a case notices.

Usage: run.py [--kind NAME …] [--sample N]. Prints, per kind, how many mutants there were and which no case noticed.
Kernels are shared: a mutant survived only when the cases of every kind asked for let it pass. Exit 1 when a survivor is
not explained in `survivors.yaml`. A sample is drawn from a seed, at most N mutants a kind.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.commitments import discover
from checks.engine import Answer, Judged, Suite, SuiteResult
from checks.judge import Evidence, judge
from checks.kernel import WHOLE, Plan
from checks.tally import Tally
from evidence.model import Finding, Period
from tests.metamorphic.quick import QuickEngine
from tests.mutation.sites import Site, mutant, sites
from tests.mutation.status import mutants, noticed
from tests.world import changed, contract_of, gather_folder, load_cases, write_evidence

CASES = Path(__file__).parents[1] / "commitments"
EXPLAINED = Path(__file__).with_name("survivors.yaml")
SEED = 20261124
#: Seconds after which a mutant counts as noticed because it does not end.
PATIENCE = 20.0
Mutate = Callable[[str], str]


class PlainEngine(QuickEngine):
    """Runs a statement once and as it is, for nobody waits for millions of rows here."""

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Replace the table `classified`."""
        self.query("DROP TABLE IF EXISTS classified")
        self.query(f"CREATE TABLE classified AS {sql}")


class Tampered:
    """A session whose statements are changed on their way in. What no change touches is answered from memory."""

    def __init__(self, session: Any, mutate: Mutate, memory: dict[str, Any]) -> None:
        self._session, self._mutate, self._memory = session, mutate, memory
        self._statement, self._changed = "", False
        self._tally: Any = None

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of the changed query."""
        text = self._mutate(sql)
        if text != sql and "classified" in sql and not self._changed:
            self._session.classify(self._statement)
        if text != sql or (self._changed and "classified" in sql):
            return self._session.query(text)
        if sql not in self._memory:
            self._memory[sql] = self._session.query(sql)
        return self._memory[sql]

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Classify by the changed statement, as a whole."""
        text = self._mutate(sql)
        self._statement, self._changed = sql, text != sql
        if self._changed or sql not in self._memory:
            self._session.classify(text)
            self._tally = self._session.tally()
        if not self._changed:
            self._tally = self._memory.setdefault(sql, self._tally)

    def tally(self) -> Tally:
        """Return the counts by outcome."""
        return self._tally

    def expectations(self, suite: Suite) -> SuiteResult:
        """Agree with the tally, as the expectations do: what is tried here are kernels, and this is half the time."""
        tally = self.tally()
        counts = {"no_violation": tally.violation, "no_unknown": tally.unknown}
        return SuiteResult(tuple(Judged(name, Answer.PASSED, "", tally.rows, n) for name, n in counts.items()))

    def worst(self) -> None:
        """Say nothing for the report."""

    def exhibits(self, outcome: str, most: int) -> list[tuple[Any, ...]]:
        """Say nothing for the report."""
        return []

    def buckets(self, limit: int, bars: int) -> list[tuple[int, int, int]]:
        """Say nothing for the report."""
        return []


@dataclass
class Case:
    """One case with its evidence already gathered and its session open."""

    stated: dict[str, Any]
    contract: Any
    period: Period
    as_of: datetime
    evidence: Evidence
    session: Any
    memory: dict[str, Any] = field(default_factory=dict)

    def finding(self, mutate: Mutate) -> Finding:
        """Return what the kind says over changed SQL."""
        engine = nullcontext(Tampered(self.session, mutate, self.memory))
        return judge(self.contract, self.period, self.as_of, self.evidence, engine).findings[0]

    def holds(self, mutate: Mutate) -> bool:
        """Return whether everything the case states is what came out, and within `PATIENCE`: a mutant may not end."""
        tired = threading.Event()
        timer = threading.Timer(PATIENCE, lambda: (tired.set(), self.session._connection.interrupt()))
        timer.start()
        try:
            found, stated = self.finding(mutate), self.stated
        finally:
            timer.cancel()
        return (
            not tired.is_set()
            and found.status == stated["expect"]
            and set(stated.get("reasons", ())) <= set(found.reasons)
            and stated.get("assurance", found.assurance) == found.assurance
            and stated.get("provisional", found.provisional) == found.provisional
            and all(getattr(found.population, n) == count for n, count in stated.get("population", {}).items())
        )


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[list[Case]]:
    """Gather every case of a kind once and keep its session open."""
    whole = load_cases(CASES / kind / "cases.yaml")
    with ExitStack() as stack:
        yield [_case(kind, whole, stated, folder / f"{n}", stack) for n, stated in enumerate(whole["cases"])]


def _case(kind: str, whole: dict[str, Any], stated: dict[str, Any], folder: Path, stack: ExitStack) -> Case:
    period = Period.model_validate(stated.get("period", whole["period"]))
    rows = changed(whole["given"], stated.get("change", {}))
    write_evidence(folder / "evidence", rows, tuple(stated.get("tamper", ())), tuple(stated.get("lose", ())))
    gathered = gather_folder(folder, period)
    return Case(
        stated=stated,
        contract=contract_of(kind, whole["terms"] | stated.get("terms", {})),
        period=period,
        as_of=datetime.fromisoformat(stated.get("as_of", whole["as_of"])),
        evidence=Evidence(frozenset(gathered.tables), gathered.cards),
        session=stack.enter_context(PlainEngine(gathered.tables, threads=1)),
    )


def _observed(case: Case) -> dict[Site, None]:
    """Run a case unchanged and return the sites of every statement it executed."""
    found: dict[Site, None] = {}

    def note(sql: str) -> str:
        found.update(dict.fromkeys(sites(sql)))
        return sql

    if not case.holds(note):
        raise SystemExit(f"a case fails without any mutation: {case.stated['name']}")
    return found


def mutated(site: Site) -> Mutate:
    """Return the change of one site, which leaves every other statement as it is."""
    return lambda sql: mutant(sql, site)


def survivors(kind: str, killed: set[Site], folder: Path, sample: int | None) -> tuple[int, list[Site]]:
    """Return how many new mutants were tried, and those that none of its cases noticed; adds the others to `killed`."""
    with opened(kind, folder) as cases:
        ran: dict[Site, list[Case]] = {}
        for case in cases:
            for site in _observed(case):
                ran.setdefault(site, []).append(case)
        left: list[Site] = []
        sharpest: dict[int, int] = {}
        fresh = [site for site in ran if site not in killed]
        chosen = fresh if sample is None else random.Random(SEED).sample(fresh, min(sample, len(fresh)))
        for site in chosen:
            among = ran[site]
            # What killed most so far is asked first: most mutants then cost one case instead of fifty.
            order = sorted(among, key=lambda case: -sharpest.get(id(case), 0))
            killer = next((case for case in order if not case.holds(mutated(site))), None)
            if killer is None:
                print(f"    {site}", flush=True)
                left.append(site)
            else:
                killed.add(site)
                sharpest[id(killer)] = sharpest.get(id(killer), 0) + 1
    return len(chosen), left


def explained() -> dict[str, str]:
    """Return why each known survivor changes nothing, by the text of its site."""
    return load_cases(EXPLAINED) or {} if EXPLAINED.exists() else {}


def main() -> int:
    """Run, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=sorted(discover()))
    parser.add_argument("--sample", type=int)
    asked = parser.parse_args()
    kinds = asked.kind or sorted(discover())
    killed: set[Site] = set()
    alive: dict[Site, str] = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            tried, left = survivors(kind, killed, Path(folder), asked.sample)
        alive.update(dict.fromkeys(left, kind))
        print(f"{kind:36} {tried:5} mutants, {len(left):4} not noticed", flush=True)
    broken = list(mutants())
    unseen = [name for name, mutant in broken if not noticed(mutant)]
    print(f"{'the status function':36} {len(broken):5} mutants, {len(unseen):4} not noticed", *unseen, sep="\n    ")
    reasons = explained()
    open_ones = {site: kind for site, kind in alive.items() if site not in killed and str(site) not in reasons}
    for site, kind in open_ones.items():
        print(f"  survived ({kind}): {site}")
    print(f"{len(killed)} killed, {len(alive.keys() - killed)} survived, {len(open_ones)} of them not explained")
    return 1 if open_ones or unseen else 0


if __name__ == "__main__":
    sys.exit(main())
