"""The words shared with the engine: what a classified table is asked, and what it answers.

Importing this package costs nothing: DuckDB is loaded by `checks.engine.duck`, Great Expectations only while a suite
is judged. Nothing here names either, so an engine can be replaced without touching a caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from evidence.model import Outcome


class Rule(StrEnum):
    """The simple things that a table may be asked; an engine must be able to judge every one."""

    NOT_IN_SET = "not_in_set"
    IN_SET = "in_set"
    NOT_NULL = "not_null"
    UNIQUE_TOGETHER = "unique_together"
    AT_LEAST_ROWS = "at_least_rows"
    EXACTLY_ROWS = "exactly_rows"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One question: `columns` and `values` belong to the column rules, `rows` to the row counts."""

    name: str
    rule: Rule
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    rows: int = 0

    @property
    def expected(self) -> str:
        """Return what has to hold, in words short enough for a table cell."""
        match self.rule:
            case Rule.NOT_IN_SET:
                return f"no {self.columns[0]} is {' or '.join(self.values)}"
            case Rule.IN_SET:
                return f"every {self.columns[0]} is one of {', '.join(self.values)}"
            case Rule.NOT_NULL:
                return f"no {self.columns[0]} is null"
            case Rule.UNIQUE_TOGETHER:
                return f"no two rows share {' and '.join(self.columns)}"
            case Rule.AT_LEAST_ROWS:
                return f"at least {self.rows} rows"
            case Rule.EXACTLY_ROWS:
                return f"exactly {self.rows} rows"


@dataclass(frozen=True, slots=True)
class Suite:
    """What a classification must satisfy; `expected_rows` is a control total that counts rows, when there is one.

    Engines pass set rules on empty tables and on nulls, so presence and number are always asked as well.
    """

    minimum_rows: int = 1
    expected_rows: int | None = None

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Return the questions in their fixed order."""
        words = tuple(sorted(Outcome))
        asked = (
            Expectation("no_violation", Rule.NOT_IN_SET, ("outcome",), (Outcome.VIOLATION,)),
            Expectation("no_unknown", Rule.NOT_IN_SET, ("outcome",), (Outcome.UNKNOWN,)),
            Expectation("outcome_known", Rule.IN_SET, ("outcome",), words),
            Expectation("outcome_present", Rule.NOT_NULL, ("outcome",)),
            Expectation("subject_present", Rule.NOT_NULL, ("subject",)),
            Expectation("record_present", Rule.NOT_NULL, ("record",)),
            Expectation("key_unique", Rule.UNIQUE_TOGETHER, ("subject", "record")),
            Expectation("minimum_rows", Rule.AT_LEAST_ROWS, rows=self.minimum_rows),
        )
        if self.expected_rows is None:
            return asked
        return (*asked, Expectation("control_total", Rule.EXACTLY_ROWS, rows=self.expected_rows))


class Answer(StrEnum):
    """What an engine says of one expectation; `error` means not evaluated and is neither of the others."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer. `observed` is the number of rows looked at; `unexpected_count` those that offend, or null.

    For `unique_together`, every row that shares its key offends, and null keys are left to `not_null`. `detail` is the
    engine's message when the answer is `error`; it may differ between engines and versions.
    """

    name: str
    outcome: Answer
    expected: str
    observed: int | None = None
    unexpected_count: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """The answers in the order of the suite, and the engine's own result without times, run ids and samples."""

    judged: tuple[Judged, ...]
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Answer:
        """Return the weakest answer: any error makes it an error, and so does an empty suite."""
        answers = {j.outcome for j in self.judged} or {Answer.ERROR}
        return next(a for a in (Answer.ERROR, Answer.FAILED, Answer.PASSED) if a in answers)


def versions(engine: str = "duckdb") -> dict[str, str]:
    """Return the versions of what takes part in judging by distribution name, without importing it."""
    more = ("pyspark", "sqlglot") if engine == "spark" else ()
    return {name: version(name) for name in ("duckdb", "great_expectations", *more, "sqlalchemy")}
