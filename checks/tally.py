"""What a classification adds up to: rows by outcome, and why the unknown ones are unknown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a classification by outcome; `reasons` are the `why` codes of the unknown rows.

    A row whose outcome is null or not one of the five words counts as unknown, for the reason `engine_error`. An
    unknown row without a `why` gives `unreadable_rows`, and one whose `why` is no reason code `engine_error`. So the
    five counts always add up to the rows of the table, and every reason is one that a verdict may state.
    """

    ok: int = 0
    violation: int = 0
    unknown: int = 0
    open: int = 0
    excused: int = 0
    reasons: frozenset[str] = frozenset()

    @property
    def rows(self) -> int:
        """Return how many rows were classified."""
        return self.ok + self.violation + self.unknown + self.open + self.excused
