"""The DuckDB session that classifies one population after another and counts what came out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import duckdb

from checks.engine import Suite, SuiteResult
from checks.engine.bars import bar_edges
from checks.engine.population import SPLIT_ROWS, Population
from checks.engine.views import absolute_parts, create_view, literal, quoted
from checks.kernel import CLASSIFIED, WHOLE, Plan
from checks.tally import Tally
from evidence.errors import LimitExceeded, ProbityError
from evidence.families import all_families
from evidence.model import Outcome, Reason

MAX_FETCHED_ROWS = 100_000

_WORD = re.compile(r"\w+")


class DuckEngine:
    """A context manager over one in-memory DuckDB that can read the given Parquet parts and nothing else.

    `tables` maps family names to parts; every other family is an empty view, so that a kernel always runs. `spill`
    is a directory for what exceeds `memory_limit`; without one, exceeding it raises `LimitExceeded`. The session
    runs in UTC, loads no extension, and its settings are locked before the first query.
    """

    def __init__(
        self,
        tables: Mapping[str, Sequence[Path]],
        *,
        memory_limit: str = "600MB",
        threads: int = 2,
        spill: Path | None = None,
        split_rows: int = SPLIT_ROWS,
    ) -> None:
        families = all_families()
        parts = absolute_parts(tables, families)
        with ExitStack() as opening, _duckdb_errors("could not open the evidence"):
            scratch = Path(opening.enter_context(_scratch(spill))) if spill else None
            readable = [p for ps in parts.values() for p in ps]
            self._connection = opening.enter_context(_open(memory_limit, threads, scratch, readable))
            # Most kernels read a few of the families; the empty views of the others wait until one is asked for.
            self._waiting = {name: family for name, family in families.items() if not parts.get(name)}
            for name in families.keys() - self._waiting.keys():
                create_view(self._connection, families[name], parts[name])
            self._population = Population(self._connection, scratch, split_rows)
            self._open = opening.pop_all()

    def __enter__(self) -> DuckEngine:
        """Return the session itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the database; nothing outlives it, nor the files it spilled."""
        self._open.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of one query; more than `MAX_FETCHED_ROWS` raise `LimitExceeded`, never a cut list."""
        with _duckdb_errors("a query failed"):
            self._see(sql)
            rows = self._connection.execute(sql).fetchmany(MAX_FETCHED_ROWS + 1)
        if len(rows) > MAX_FETCHED_ROWS:
            raise LimitExceeded(f"a query returned more than {MAX_FETCHED_ROWS} rows; let SQL count instead")
        return rows

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Replace the table `classified` by the rows of one SELECT with exactly the columns of `CLASSIFIED`.

        Text columns must be VARCHAR and numbers whole: a cast that rounds would move a value across its limit. When
        it fails there is no table, so that nobody can read the answer to an earlier question. The table has the column
        `KEY` besides; see `checks.engine.population`.
        """
        with _duckdb_errors("the classification failed"):
            self._population.forget()
            self._see(sql)
            self._population.classify(sql, plan)

    def _see(self, sql: str) -> None:
        """Create the empty views of the families that a statement may name."""
        for name in self._waiting.keys() & set(_WORD.findall(sql)):
            create_view(self._connection, self._waiting.pop(name), ())

    def tally(self) -> Tally:
        """Return the counts by outcome over the whole table and the reasons of the unknown rows."""
        known = ", ".join(literal(o) for o in Outcome)
        rows = self.query(
            f"SELECT coalesce(outcome IN ({known}), false), outcome, count(*) FROM classified GROUP BY 1, 2"
        )
        counts = {Outcome(outcome): count for is_known, outcome, count in rows if is_known}
        foreign = sum(count for is_known, _, count in rows if not is_known)
        reasons = {why for (why,) in self.query(_REASONS)} | ({Reason.ENGINE_ERROR.value} if foreign else set())
        return Tally(
            ok=counts.get(Outcome.OK, 0),
            violation=counts.get(Outcome.VIOLATION, 0),
            unknown=counts.get(Outcome.UNKNOWN, 0) + foreign,
            open=counts.get(Outcome.OPEN, 0),
            excused=counts.get(Outcome.EXCUSED, 0),
            reasons=frozenset(reasons),
        )

    def worst(self) -> int | None:
        """Return the largest measure of the rows that were kept or broken, or None when none has a measure."""
        largest: int | None = self.query("SELECT max(measure) FROM classified WHERE outcome IN ('ok', 'violation')")[0][
            0
        ]
        return largest

    def buckets(self, limit: int, bars: int = 12) -> list[tuple[int, int, int]]:
        """Return the distribution of measures as (low, high, count), of which `limit` is always an edge.

        `bars` bars reach up to the limit and at most as many of the same width beyond it, the last of them as far as
        the largest measure. Low ends are exclusive except the first, high ends inclusive. Counts add up to the ok,
        violation and excused rows that have a measure; without any, there are no bars.
        """
        measured = "FROM classified WHERE outcome IN ('ok', 'violation', 'excused') AND measure IS NOT NULL"
        least, most = self.query(f"SELECT min(measure), max(measure) {measured}")[0]
        if least is None:
            return []
        pairs = bar_edges(least, most, limit, bars)
        wanted = [
            f"count(*) FILTER (WHERE measure {'>=' if place == 0 else '>'} {low} AND measure <= {high})"
            for place, (low, high) in enumerate(pairs)
        ]
        counts = self.query(f"SELECT {', '.join(wanted)} {measured}")[0]
        return [(low, high, count) for (low, high), count in zip(pairs, counts, strict=True)]

    def exhibits(self, outcome: str, most: int) -> list[tuple[Any, ...]]:
        """Return at most `most` rows of one outcome in the columns of `CLASSIFIED`, worst first.

        Rows with the same measure are ordered by key and then by everything else, so that the choice never depends on
        the order of the evidence.
        """
        columns = ", ".join(quoted(c) for c in CLASSIFIED)
        order = "measure DESC NULLS LAST, subject, record, moment, why, artefact"
        return self.query(
            f"SELECT {columns} FROM classified WHERE outcome = {literal(outcome)} ORDER BY {order} LIMIT {int(most)}"
        )

    def expectations(self, suite: Suite) -> SuiteResult:
        """Let Great Expectations judge the table `classified`; the first call in a process imports it for seconds."""
        from checks.engine.expectations import judge  # noqa: PLC0415 - reading and classifying must not pay for GX

        return judge(self._connection, suite)


_REASONS = f"""
SELECT DISTINCT CASE
    WHEN coalesce(why, '') = '' THEN '{Reason.UNREADABLE_ROWS}'
    WHEN why IN ({", ".join(literal(r) for r in Reason)}) THEN why
    ELSE '{Reason.ENGINE_ERROR}' END
FROM classified WHERE outcome = '{Outcome.UNKNOWN}'
"""


def _scratch(spill: Path) -> TemporaryDirectory[str]:
    """Return a folder of this session alone in the spill directory, which goes when the session ends."""
    spill.mkdir(parents=True, exist_ok=True)
    return TemporaryDirectory(prefix="session-", dir=spill)


def _open(memory_limit: str, threads: int, spill: Path | None, readable: list[Path]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": str(spill / "duckdb")
            if spill
            else "",  # unset, DuckDB would spill into the working directory
            "preserve_insertion_order": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    # A path must be allowed while access is still open; what is allowed is read only by the views below.
    connection.execute("SET allowed_paths = ?", [[str(p) for p in readable]])
    connection.execute("SET allowed_directories = ?", [[str(spill)] if spill else []])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def _duckdb_errors(what: str) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded(
            f"{what}: it needs more memory than allowed; raise the limit or name a spill directory"
        ) from error
    except duckdb.Error as error:
        raise ProbityError(f"{what}: {error}") from error
