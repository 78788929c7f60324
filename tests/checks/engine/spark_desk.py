"""One Spark for the whole test run, and the question every test of it asks: does it say what DuckDB says?"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.commitments import discover
from checks.engine import Suite, SuiteResult
from checks.engine.duck import DuckEngine
from checks.engine.portable import spark_script
from checks.engine.spark import SparkEngine
from checks.judge import Evidence, Judgement, judge
from checks.kernel import WHOLE, Plan
from evidence.canonical import canonical_bytes
from evidence.model import Period
from tests.metamorphic.quick import QuickEngine
from tests.world import Rows, changed, contract_of, gather_folder, load_cases, write_evidence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES = Path(__file__).parents[2] / "commitments"
KINDS = tuple(sorted(discover()))

#: What makes thousands of tiny queries quick; a query's meaning is the engine's own (`spark_session.MEANING`).
SETTINGS = {
    "spark.cores.max": "1",
    "spark.executor.memory": "512m",
    "spark.default.parallelism": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.locality.wait": "0",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a kind; `real` when Great Expectations judges it and not the quick engine."""

    kind: str
    name: str
    rows: Rows
    terms: Mapping[str, Any]
    period: Mapping[str, str]
    as_of: str
    tamper: tuple[str, ...]
    lose: tuple[str, ...]
    expect: str
    real: bool = False


@cache
def cases_of(kind: str) -> tuple[Case, ...]:
    """Return every case of a kind in the order of its file; boundaries and the first of each status are `real`."""
    whole = load_cases(CASES / kind / "cases.yaml")
    found = tuple(_case(kind, whole, stated) for stated in whole["cases"])
    first = {next(c.name for c in found if c.expect == status) for status in ("met", "breached", "unproven")}
    return tuple(replace(c, real=c.name in first or c.name.startswith("boundary")) for c in found)


def first_breach(found: Sequence[Case]) -> Case:
    """Return the first case that is breached: the finding that says most, with exhibits of kept and broken rows."""
    return next(c for c in found if c.expect == "breached")


def _case(kind: str, whole: Mapping[str, Any], stated: Mapping[str, Any]) -> Case:
    return Case(
        kind=kind,
        name=stated["name"],
        rows=changed(whole["given"], stated.get("change", {})),
        terms=whole["terms"] | stated.get("terms", {}),
        period=stated.get("period", whole["period"]),
        as_of=stated.get("as_of", whole["as_of"]),
        tamper=tuple(stated.get("tamper", ())),
        lose=tuple(stated.get("lose", ())),
        expect=stated["expect"],
    )


class QuickSparkEngine(SparkEngine):
    """Everything is the product's own, save who counts for the expectations: plain SQL, on Spark as well.

    What was asked before, of tables of the very same bytes, is answered from `known`: most cases change one table of
    many, and one question of Spark takes as long as a whole judgement on DuckDB.
    """

    def __init__(self, *given: Any, known: dict[tuple[str, ...], list[tuple[Any, ...]]], **named: Any) -> None:
        super().__init__(*given, **named)
        self._known, self._of_classified = known, ""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what Spark says, or said of the same bytes."""
        asked = self._question(sql)
        if asked not in self._known:
            self._known[asked] = super().query(sql)
        return self._known[asked]

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Classify, and note what the classification was made of; see `query`."""
        super().classify(sql, plan)
        self._of_classified = "\0".join(self._question(sql))

    def _question(self, sql: str) -> tuple[str, ...]:
        named = spark_script(sql).tables
        parts = (f"{name} {_sha256(p)}" for name in sorted(named & self._parts.keys()) for p in self._parts[name])
        return (sql, *parts, *([self._of_classified] if "classified" in named else []))

    def expectations(self, suite: Suite) -> SuiteResult:
        """Return the answers that Great Expectations gives of the table `classified`, without its own result."""
        return QuickEngine.expectations(self, suite)  # type: ignore[arg-type]


class NotingEngine(QuickEngine):
    """The quick engine, which notes what it is asked, whatever the numbers and texts in it are."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.asked: set[str] = set()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Answer and note the question."""
        self._note(sql)
        return super().query(sql)

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Classify and note the statement."""
        self._note(sql)
        super().classify(sql, plan)

    def _note(self, sql: str) -> None:
        self.asked.add(re.sub(r"'[^']*'|\d+", "?", sql))


@cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class SparkDesk:
    """Judges cases on both engines over the same tables."""

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self.session = session
        self._folder = folder
        self._known: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}

    def engine(self, tables: Mapping[str, Sequence[Path]], *, quick: bool = False) -> SparkEngine:
        """Return an engine over these tables on the running session."""
        if quick:
            return QuickSparkEngine(tables, session=self.session, partitions=1, known=self._known)
        return SparkEngine(tables, session=self.session, partitions=1)

    def differences(self, cases: Iterable[Case]) -> list[str]:
        """Return the names of the cases that Spark judges otherwise, each with what it says instead."""
        return [told for told in map(self._difference, cases) if told]

    def telling(self, kind: str) -> list[Case]:
        """Return the cases of a kind, from the first on, that ask something that those before them do not."""
        known: set[str] = set()
        chosen = []
        for case in cases_of(kind):
            tables, ask = self._gathered(case)
            engine = NotingEngine(tables)
            ask(engine)
            if not engine.asked <= known:
                known |= engine.asked
                chosen.append(case)
        return chosen

    def _gathered(self, case: Case) -> tuple[Mapping[str, Sequence[Path]], Callable[..., Judgement]]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        write_evidence(folder / "evidence", case.rows, case.tamper, case.lose)
        period = Period.model_validate(case.period)
        gathered = gather_folder(folder, period)
        return gathered.tables, partial(
            judge,
            contract_of(case.kind, case.terms),
            period,
            datetime.fromisoformat(case.as_of),
            Evidence(frozenset(gathered.tables), gathered.cards),
        )

    def _difference(self, case: Case) -> str:
        tables, ask = self._gathered(case)
        duck = ask((DuckEngine if case.real else QuickEngine)(tables))
        spark = ask(self.engine(tables, quick=not case.real))
        first, second = (canonical_bytes(judged.findings[0].as_json()) for judged in (duck, spark))
        if first == second and not spark.problems:
            return ""
        return f"{case.kind}: {case.name}: {spark.problems or _first_difference(first, second)}"


def _first_difference(first: bytes, second: bytes) -> str:
    one, other = json.loads(first), json.loads(second)
    return "; ".join(f"{key}: {one[key]!r} is {other.get(key)!r} on Spark" for key in one if one[key] != other.get(key))
