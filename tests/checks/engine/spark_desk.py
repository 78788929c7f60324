"""One Spark for the whole test run, and the question every test of it asks: does it say what DuckDB says?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.commitments import discover
from checks.engine import Suite, SuiteResult
from checks.engine.duck import DuckEngine
from checks.engine.spark import SparkEngine
from checks.judge import Evidence, judge
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
    """Everything is the product's own, save who counts for the expectations: plain SQL, on Spark as well."""

    def expectations(self, suite: Suite) -> SuiteResult:
        """Return the answers that Great Expectations gives of the table `classified`, without its own result."""
        return QuickEngine.expectations(self, suite)  # type: ignore[arg-type]

    _judged = QuickEngine._judged


class SparkDesk:
    """Judges cases on both engines over the same tables."""

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self.session = session
        self._folder = folder

    def engine(self, tables: Mapping[str, Sequence[Path]], of: type[SparkEngine] = SparkEngine) -> SparkEngine:
        """Return an engine over these tables on the running session."""
        return of(tables, session=self.session, partitions=1)

    def differences(self, cases: Iterable[Case]) -> list[str]:
        """Return the names of the cases that Spark judges otherwise, each with what it says instead."""
        return [told for told in map(self._difference, cases) if told]

    def _difference(self, case: Case) -> str:
        folder = self._folder / case.kind / hashlib.sha256(case.name.encode()).hexdigest()
        write_evidence(folder / "evidence", case.rows, case.tamper, case.lose)
        period = Period.model_validate(case.period)
        gathered = gather_folder(folder, period)
        engines = (DuckEngine, SparkEngine) if case.real else (QuickEngine, QuickSparkEngine)
        ask = partial(
            judge,
            contract_of(case.kind, case.terms),
            period,
            datetime.fromisoformat(case.as_of),
            Evidence(frozenset(gathered.tables), gathered.cards),
        )
        duck, spark = ask(engines[0](gathered.tables)), ask(self.engine(gathered.tables, engines[1]))
        first, second = (canonical_bytes(judged.findings[0].as_json()) for judged in (duck, spark))
        if first == second and not spark.problems:
            return ""
        return f"{case.kind}: {case.name}: {spark.problems or _first_difference(first, second)}"


def _first_difference(first: bytes, second: bytes) -> str:
    one, other = json.loads(first), json.loads(second)
    return "; ".join(f"{key}: {one[key]!r} is {other.get(key)!r} on Spark" for key in one if one[key] != other.get(key))
