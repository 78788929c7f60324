"""A statement as the steps of its common table expressions, so that a change costs the steps that it reaches.

Binding a kernel's statement takes far longer than running it over ten rows. Every step is therefore held as a table;
of a changed statement, a step runs again only when its own text changed or a step that it reads gave other rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import duckdb

_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"'(?:[^']|'')*'|[()]")
_NESTED = re.compile(r"\(\s*WITH\s")
_HEAD = re.compile(r"\s*(?:WITH|,)\s*(\w+)\s+AS\s+\(")


@dataclass(frozen=True)
class Step:
    """One SELECT: `path` are the schemas that it sees, nearest first; its rows are `name` in the schema `home`."""

    home: str
    name: str
    body: str
    path: tuple[str, ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """Return every word of the body, among them the names of what it reads."""
        return frozenset(_WORD.findall(self.body))


@lru_cache(maxsize=64)
def flattened(sql: str) -> tuple[Step, ...]:
    """Return the steps of a statement in the order in which they can run, nested ones before what reads them."""
    steps: list[Step] = []
    last, path = _taken(sql, (), steps)
    return (*steps, Step("main", "", last, path))


@lru_cache(maxsize=256)
def compared(sql: str, other: str) -> tuple[tuple[Step, ...], frozenset[int]]:
    """Return the steps of a changed statement, and the places of those whose text is another."""
    before, after = flattened(sql), flattened(other)
    if [(s.home, s.name) for s in before] != [(s.home, s.name) for s in after]:
        raise ValueError("a change took the statement's steps apart")
    return after, frozenset(i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old.body != new.body)


def _taken(sql: str, path: tuple[str, ...], steps: list[Step]) -> tuple[str, tuple[str, ...]]:
    """Take the steps out of a statement; return what it selects in the end and what that sees."""
    home = f"s{len(steps)}_{len(path)}"
    path = (home, *path)
    place = 0
    while (head := _HEAD.match(sql, place)) and (place or head[0].lstrip().startswith("WITH")):
        end = _closing(sql, head.end() - 1)
        steps.append(Step(home, head[1], _hoisted(sql[head.end() : end], path, steps), path))
        place = end + 1
    return _hoisted(sql[place:], path, steps), path


def _hoisted(body: str, path: tuple[str, ...], steps: list[Step]) -> str:
    """Return a SELECT in which each nested statement with steps of its own has become a step."""
    text, place = "", 0
    for found in _NESTED.finditer(body):
        if found.start() < place:
            continue
        end = _closing(body, found.start())
        last, inner = _taken(body[found.start() + 1 : end], path, steps)
        name = f"nested_{len(steps)}"
        steps.append(Step(path[0], name, last, inner))
        text += body[place : found.start()] + f"(SELECT * FROM {name})"
        place = end + 1
    return text + body[place:]


def _closing(sql: str, opening: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(sql, opening):
        depth += (token[0] == "(") - (token[0] == ")")
        if not depth:
            return token.start()
    raise ValueError("a parenthesis is not closed")


Rows = list[tuple[Any, ...]]


class Stepwise:
    """The steps of one statement in one case's schema, held as tables."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str, case: str, number: int) -> None:
        self._connection, self._case, self._number = connection, case, number
        self._sql, self._steps = sql, flattened(sql)
        self._rows: list[list[str]] = []
        _refused_if_ambiguous(self._steps)
        for home in {s.home for s in self._steps} - {"main"}:
            connection.execute(f"CREATE SCHEMA {self._schema(home)}; CREATE SCHEMA {self._schema(home)}_new")
        try:
            for step in self._steps:
                self._look(step)
                if step.name:
                    held = f"{self._schema(step.home)}.{step.name}"
                    connection.execute(f"CREATE TABLE {held} AS {step.body}")
                    self._rows.append(_text(connection.execute(f"FROM {held}").fetchall()))
                else:
                    self._rows.append(_text(self._run(step)))
        finally:
            self._leave()

    @property
    def result(self) -> list[str]:
        """Return the rows of the statement itself, as text and in order."""
        return self._rows[-1]

    def other(self, sql: str, moved: set[str], into: str | None = None) -> Rows | None:
        """Return what a changed statement gives, or None where it is the same rows.

        `moved` are tables that have other rows than before. Other rows are put `into` a table of that name besides.
        """
        steps, changed = compared(self._sql, sql)
        fresh: list[Step] = []
        try:
            for place, (step, known) in enumerate(zip(steps, self._rows, strict=True)):
                if place not in changed and not (moved or fresh):
                    continue
                read = moved | {other.name for other in fresh if other.home in step.path}
                if place not in changed and read.isdisjoint(step.words):
                    continue
                self._look(step)
                rows = self._run(step)
                if _text(rows) == known:
                    continue
                if not step.name:
                    if into:
                        self._connection.execute(f"CREATE OR REPLACE TABLE {self._case}.{into} AS {step.body}")
                    return rows
                self._connection.execute(f"CREATE TABLE {self._schema(step.home)}_new.{step.name} AS {step.body}")
                fresh.append(step)
            return None
        finally:
            self._leave()
            for step in fresh:
                self._connection.execute(f"DROP TABLE {self._schema(step.home)}_new.{step.name}")

    def _schema(self, home: str) -> str:
        return f"{self._case}_{self._number}_{home}"

    def _look(self, step: Step) -> None:
        seen = [f"{self._schema(home)}{part}" for home in step.path for part in ("_new", "")]
        self._connection.execute(f"SET search_path = '{','.join([*seen, self._case, 'main'])}'")

    def _leave(self) -> None:
        self._connection.execute(f"SET search_path = '{self._case},main'")

    def _run(self, step: Step) -> Rows:
        return self._connection.execute(step.body).fetchall()


def _text(rows: Rows) -> list[str]:
    return sorted(map(repr, rows))


def _refused_if_ambiguous(steps: tuple[Step, ...]) -> None:
    """A name must mean the same before and after its step was held: a step may not hide what it reads itself."""
    for place, step in enumerate(steps):
        for later in steps[place:]:
            if later.home in step.path and re.search(rf"\b(?:FROM|JOIN|AS \w+,|FROM \w+,)\s+{later.name}\b", step.body):
                raise ValueError(f"the step {later.name} hides what {step.name} reads")
