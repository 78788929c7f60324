"""Counting one artefact: every record received ends in exactly one of four counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.limits import Limits


@dataclass(slots=True)
class Tally:
    """The counts of one artefact. `name` stands before every place; places count lines and records from 1."""

    name: str
    limits: Limits = field(default_factory=Limits)
    rows: int = 0
    not_relevant: int = 0
    duplicates: int = 0
    unreadable: int = 0
    places: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    complete: bool = True
    refused: bool = False
    #: Changes of what a trail logs that the artefact tells of: what was done, to which trail, and when.
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def received(self) -> int:
        """Return how many records were received, which is the sum of what became of them."""
        return self.rows + self.not_relevant + self.duplicates + self.unreadable

    @property
    def counts(self) -> tuple[int, int, int, int, list[str], list[str], bool, bool, list[tuple[str, str, str]]]:
        """Return everything but the name and the limits: with these, what another tally is made of."""
        return (
            *(self.rows, self.not_relevant, self.duplicates, self.unreadable),
            *(self.places, self.problems, self.complete, self.refused, self.changes),
        )

    def lose(self, place: str = "", count: int = 1) -> None:
        """Count records that could not be read, with the place of the first hundred."""
        self.unreadable += count
        if len(self.places) < self.limits.places:
            self.places.append(f"{self.name}:{place}" if place else self.name)

    def problem(self, text: str) -> None:
        """Note a problem once; beyond a hundred different ones the last says that there were more."""
        if text in self.problems:
            return
        if len(self.problems) < self.limits.problems:
            self.problems.append(text)
        else:
            self.problems[-1] = "and further problems"

    def break_off(self, place: str, why: str) -> None:
        """Note that reading stopped early: at least one record is lost and the artefact is incomplete."""
        self.lose(place)
        self.complete = False
        self.problem(f"{self.name}: stopped at {place}: {why}")

    def refuse(self, why: str) -> None:
        """Note that no row of this artefact may be used; rows read so far and later count as unreadable."""
        self.refused, self.complete = True, False
        self.problem(f"{self.name}: {why}")

    def settle(self) -> None:
        """Turn the rows of a refused artefact into unreadable ones."""
        if self.refused and self.rows:
            self.lose("every row", self.rows)
            self.rows = 0
