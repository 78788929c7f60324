"""The Spark session that classifies one population after another: DuckDB's questions, translated, on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from checks.engine import Suite, SuiteResult
from checks.engine.duck import MAX_FETCHED_ROWS, DuckEngine
from checks.engine.population import check_shape, column_type
from checks.engine.portable import spark_script
from checks.engine.spark_session import LOCAL, LOOPBACK, MEANING, open_session, spark_errors
from checks.engine.spark_views import check_parts, create_view
from checks.engine.views import absolute_parts
from checks.kernel import CLASSIFIED, WHOLE, Plan
from evidence.errors import LimitExceeded, ProbityError
from evidence.families import all_families

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: DuckDB's names of what a classification may consist of, by Spark's; any other type is refused by its Spark name.
_KINDS = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "string": "VARCHAR",
    "void": '"NULL"',
}


class SparkEngine(DuckEngine):
    """A context manager over a Spark session that reads the given Parquet parts through views and nothing else.

    It asks the counting questions of `DuckEngine` in the same SQL; only how a query runs is its own. `master` is
    `local[N]` or `spark://HOST:PORT`; the parts must lie at the same path for every worker. `session` is a running
    session to use instead, in which this engine has views and settings of its own.
    """

    def __init__(
        self,
        tables: Mapping[str, Sequence[Path]],
        *,
        master: str = LOCAL,
        host: str = LOOPBACK,
        spill: Path | None = None,
        partitions: int = 8,
        session: SparkSession | None = None,
    ) -> None:
        self._families = all_families()
        self._parts = absolute_parts(tables, self._families)
        self._viewed: set[str] = set()
        self._master, self._host, self._spill = master, host, spill
        self._partitions = partitions
        self._given = session
        self._open = ExitStack()
        self._classified: DataFrame | None = None

    def __enter__(self) -> SparkEngine:
        """Open the session and look at every part; a family's view is created when a query first reads it."""
        with ExitStack() as opening:
            running = self._given or opening.enter_context(
                open_session(self._master, host=self._host, spill=self._spill)
            )
            with spark_errors("could not open the evidence"):
                self._session, self._viewed = running.newSession(), set()
                for name, value in (MEANING | {"spark.sql.shuffle.partitions": str(self._partitions)}).items():
                    self._session.conf.set(name, value)
                for name, parts in self._parts.items():
                    check_parts(self._families[name], parts)
            self._open = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Forget the classified rows, and stop the session unless it was given."""
        with self._open, spark_errors("could not end the session"):
            self._forget()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of one query; more than `MAX_FETCHED_ROWS` raise `LimitExceeded`, never a cut list."""
        with spark_errors("a query failed"), self._ask(sql) as found:
            rows = found.take(MAX_FETCHED_ROWS + 1)
        if len(rows) > MAX_FETCHED_ROWS:
            raise LimitExceeded(f"a query returned more than {MAX_FETCHED_ROWS} rows; let SQL count instead")
        return [tuple(row) for row in rows]

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:  # noqa: ARG002 - Spark spreads the work by itself
        """Replace the table `classified` by the rows of one SELECT with exactly the columns of `CLASSIFIED`.

        The rows are computed once, here, so that every later question is about the same ones.
        """
        with spark_errors("the classification failed"):
            self._forget()
            with self._ask(sql) as found:
                check_shape([(name, _KINDS.get(kind, kind)) for name, kind in found.dtypes])
                columns = (f"CAST({c} AS {_stored(c)}) AS {c}" for c in CLASSIFIED)
                self._classified = found.selectExpr(*columns).localCheckpoint()
            self._classified.createOrReplaceTempView("classified")

    @contextmanager
    def _ask(self, sql: str) -> Iterator[DataFrame]:
        """Lay out the query's steps as views for as long as it is asked; what several read is computed once.

        The checkpoint also cuts off how a step came about, which Spark would otherwise plan again at every reading.
        """
        script = spark_script(sql)
        for name in sorted(script.tables & self._families.keys() - self._viewed):
            create_view(self._session, self._families[name], self._parts.get(name, ()))
            self._viewed.add(name)
        alive = []  # Spark counts into a plan for as long as its rows are computed, and complains when it has gone
        try:
            for step in script.steps:
                view = self._session.sql(step.sql)
                alive.append(view)
                (view.localCheckpoint(eager=False) if step.shared else view).createOrReplaceTempView(step.name)
            yield self._session.sql(script.query)
        finally:
            for step in script.steps:
                self._session.catalog.dropTempView(step.name)

    def expectations(self, suite: Suite) -> SuiteResult:
        """Let Great Expectations judge the table `classified` through its Spark engine."""
        from checks.engine.spark_expectations import judge  # noqa: PLC0415 - classifying must not pay for GX

        if self._classified is None:
            raise ProbityError("nothing is classified yet")
        return judge(self._classified, suite)

    def _forget(self) -> None:
        if self._classified is not None:
            self._session.catalog.dropTempView("classified")
            self._classified = None


def _stored(column: str) -> str:
    return "STRING" if column_type(column) == "VARCHAR" else "BIGINT"
