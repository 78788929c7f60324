"""The sessions that mutants run in: a few rows, many statements, and nothing between them and the kernel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from checks.engine import Answer, Judged, Suite, SuiteResult
from checks.engine.views import create_view
from checks.kernel import WHOLE, Plan
from checks.tally import Tally
from evidence.errors import ProbityError
from evidence.families import all_families
from tests.metamorphic.quick import QuickEngine
from tests.mutation.steps import Rows, Stepwise

Mutate = Callable[[str], str]
#: A statement shorter than this is sooner run than taken into steps.
WORTHWHILE = 1000


class Room:
    """One database for all cases of a kind: a view of every family without rows, and a table of each that has some.

    Planning a statement costs more than running it over ten rows, so the optimizer is off; what it returns is the same.
    """

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'; PRAGMA disable_optimizer")
        for family in all_families().values():
            create_view(self.connection, family, ())
        self._sessions = 0
        self._proven: set[str] = set()
        self._deadline: float | None = None
        self._tired = False
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def __enter__(self) -> Room:
        """Return the room itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self._over.set()
        self._watcher.join()
        self.connection.close()

    @contextmanager
    def patience(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """Break off what still runs after about so many seconds; what is given says whether that happened."""
        self._tired, self._deadline = False, time.monotonic() + seconds
        try:
            yield lambda: self._tired
        finally:
            self._deadline = None

    def _watch(self) -> None:
        while not self._over.wait(1):
            if self._deadline is not None and time.monotonic() > self._deadline:
                self._tired = True
                self.connection.interrupt()

    def session(self, tables: Mapping[str, Sequence[Path]]) -> PlainEngine:
        """Return a session that sees these tables."""
        self._sessions += 1
        name = f"case_{self._sessions}"
        self.connection.execute(f"CREATE SCHEMA {name}; SET search_path = '{name},main'")
        families = all_families()
        for family, parts in tables.items():
            create_view(self.connection, replace(families[family], name="read"), parts)
            self.connection.execute(f"CREATE TABLE {name}.{family} AS FROM read; DROP VIEW read")
        return PlainEngine(self.connection, name, self._proven)

    def leave(self, session: PlainEngine) -> None:
        """Forget a session and everything it held."""
        self.connection.execute("SET search_path = 'main'")
        for (name,) in self.connection.execute(
            "SELECT schema_name FROM information_schema.schemata WHERE catalog_name = current_database()"
        ).fetchall():
            if name == session.name or name.startswith(f"{session.name}_"):
                self.connection.execute(f"DROP SCHEMA {name} CASCADE")


class PlainEngine(QuickEngine):
    """The session of one case: runs every statement once and as it is, for nobody waits for millions of rows here."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, proven: set[str]) -> None:
        self._connection, self.name, self._proven = connection, name, proven
        self._waiting = {}

    def enter(self) -> None:
        """See this case's tables."""
        self._connection.execute(f"SET search_path = '{self.name},main'")

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Replace the table `classified`."""
        self.query("DROP TABLE IF EXISTS classified")
        self.query(f"CREATE TABLE classified AS {sql}")

    def exhibits(self, outcome: str, most: int) -> list[tuple[Any, ...]]:
        """Say nothing for the report."""
        return []

    def buckets(self, limit: int, bars: int = 12) -> list[tuple[int, int, int]]:
        """Say nothing for the report."""
        return []

    def steps(self, sql: str, number: int) -> Stepwise | None:
        """Return the steps of a statement, or None where they would not give what it gives as a whole."""
        if len(sql) < WORTHWHILE:
            return None
        try:
            steps = Stepwise(self._connection, sql, self.name, number)
        except (ValueError, duckdb.Error):
            return None
        # What taking it apart changes would change it for every case, so a statement is compared once.
        if sql not in self._proven:
            if steps.result != sorted(map(repr, self.query(sql))):
                return None
            self._proven.add(sql)
        return steps

    def guarded(self, run: Callable[[], Rows | None]) -> Rows | None:
        """Return what comes out; what the database refuses is refused as in an audit."""
        try:
            return run()
        except duckdb.Error as error:
            raise ProbityError(str(error)) from error


class Memory:
    """What a case's unchanged statements answer, and their steps where they can be taken apart."""

    def __init__(self, session: PlainEngine) -> None:
        self.session = session
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        self.tallies: dict[str, Tally] = {}
        self.worst: dict[str, int | None] = {}
        #: The unchanged statement whose rows are in `classified`, if it is one.
        self.held: str | None = None
        #: Whether a change gave other rows than these since somebody last said that it had not.
        self.moved = False
        self._steps: dict[str, Stepwise | None] = {}

    def steps(self, sql: str) -> Stepwise | None:
        """Return the steps of an unchanged statement; they are taken while `classified` is as it says."""
        if sql not in self._steps:
            self._steps[sql] = self.session.steps(sql, len(self._steps))
        return self._steps[sql]

    def same(self, mutate: Mutate) -> bool:
        """Return whether the changed statements give the rows that they gave; False also where only a run can tell.

        Nothing that is judged can have changed then, and judging costs as much as asking.
        """
        for sql, steps in self._steps.items():
            text = mutate(sql)
            if text != sql and (steps is None or self.session.guarded(partial(steps.other, text, set())) is not None):
                return False
        return all(mutate(sql) == sql for sql in (*self.rows, *self.tallies) if sql not in self._steps)


class Tampered:
    """A session whose statements are changed on their way in. What no change touches is answered from memory."""

    def __init__(self, memory: Memory, mutate: Mutate) -> None:
        self._memory, self._session, self._mutate = memory, memory.session, mutate
        self._statement, self._changed = "", False
        self._tally = Tally()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of the changed query."""
        text, reads, rows = self._mutate(sql), "classified" in sql, self._memory.rows
        if sql in rows and text == sql and not (reads and self._changed):
            return rows[sql]
        if reads and not self._changed:
            self._hold()
        if sql not in rows and not (reads and self._changed):
            rows[sql] = self._session.query(sql)
            self._memory.steps(sql)
            if text == sql:
                return rows[sql]
        steps = self._memory.steps(sql) if sql in rows else None
        if steps is None:
            other = self._session.query(text)
        else:
            found = self._session.guarded(lambda: steps.other(text, {"classified"} if self._changed else set()))
            other = rows.get(sql, []) if found is None else found
        self._memory.moved |= sorted(map(repr, other)) != sorted(map(repr, rows.get(sql, [])))
        return other

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        """Classify by the changed statement, as a whole."""
        text = self._mutate(sql)
        self._statement, self._changed = sql, False
        if sql not in self._memory.tallies:
            self._hold()
            self._memory.tallies[sql] = self._session.tally()
            self._memory.steps(sql)
        self._tally = self._memory.tallies[sql]
        if text == sql:
            return
        steps = self._memory.steps(sql)
        if steps is None:
            self._memory.held = None
            self._session.classify(text)
            self._changed = True
        else:
            other = self._session.guarded(lambda: steps.other(text, set(), into="classified"))
            self._changed = other is not None
            self._memory.moved |= self._changed
        if self._changed:
            self._memory.held = None
            self._tally = self._session.tally()

    def _hold(self) -> None:
        if self._memory.held != self._statement:
            self._session.classify(self._statement)
            self._memory.held = self._statement

    def tally(self) -> Tally:
        """Return the counts by outcome."""
        return self._tally

    def expectations(self, suite: Suite) -> SuiteResult:
        """Agree with the tally, as the expectations do: what is tried here are kernels, and this is half the time."""
        tally = self.tally()
        counts = {"no_violation": tally.violation, "no_unknown": tally.unknown}
        return SuiteResult(tuple(Judged(name, Answer.PASSED, "", tally.rows, n) for name, n in counts.items()))

    def worst(self) -> int | None:
        """Return the largest measure of what was kept or broken."""
        if self._changed:
            return self._session.worst()
        if self._statement not in self._memory.worst:
            self._hold()
            self._memory.worst[self._statement] = self._session.worst()
        return self._memory.worst[self._statement]

    def exhibits(self, outcome: str, most: int) -> list[tuple[Any, ...]]:
        """Say nothing for the report."""
        return []

    def buckets(self, limit: int, bars: int) -> list[tuple[int, int, int]]:
        """Say nothing for the report."""
        return []
