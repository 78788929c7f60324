"""What judging asks of an engine: one session over the gathered tables, whichever engine it is."""

from __future__ import annotations

from typing import Any, Protocol

from checks.engine import Suite, SuiteResult
from checks.kernel import Plan
from checks.tally import Tally


class Engine(Protocol):
    """A session over the gathered tables that classifies one population after another."""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of one bounded query."""

    def classify(self, sql: str, plan: Plan = ...) -> None:
        """Replace the table `classified`; `plan` may only spare work."""

    def tally(self) -> Tally:
        """Return the counts by outcome."""

    def worst(self) -> int | None:
        """Return the largest measure of ok and violating rows."""

    def buckets(self, limit: int, bars: int) -> list[tuple[int, int, int]]:
        """Return the distribution of the measure around its limit."""

    def exhibits(self, outcome: str, most: int) -> list[tuple[Any, ...]]:
        """Return rows of one outcome, worst first."""

    def expectations(self, suite: Suite) -> SuiteResult:
        """Return what the expectation engine says of the table `classified`."""
