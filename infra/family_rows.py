"""Rows of several families that one answer brings at once, on their way into parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from evidence.families import family
from infra.normalise import Normaliser
from infra.rows import Rows
from infra.source import Gathering
from infra.tables import Part

#: A row by the family it is of.
Row = tuple[str, dict[str, Any]]


class FamilyRows:
    """Collects rows by family and types them in batches; `keep` makes the families' parts tables of the gathering."""

    def __init__(self, gathering: Gathering, source: str, names: Iterable[str]) -> None:
        self._gathering, self._source, self._names = gathering, source, tuple(names)
        self._stack = ExitStack()
        self._open: dict[str, tuple[Rows, Part, Normaliser]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def add(self, name: str, record: Mapping[str, Any], *, artefact: str, row: int) -> None:
        """Add one row of a family; `row` is the number of the record in its artefact."""
        rows, part, normaliser = self._of(name)
        rows.add(record, artefact=artefact, row=row)
        if len(rows) >= self._gathering.limits.batch_rows:
            part.add(normaliser.typed(rows.take()))

    def keep(self, names: Iterable[str] | None = None) -> None:
        """Finish the parts of the families that were asked for, empty ones too: nothing there is an answer as well."""
        for name in self._names if names is None else names:
            rows, part, normaliser = self._of(name)
            if len(rows):
                part.add(normaliser.typed(rows.take()))
            self._gathering.keep_part(name, part)

    def _of(self, name: str) -> tuple[Rows, Part, Normaliser]:
        """Open what a family needs when it is first asked for: an engine each."""
        if name not in self._open:
            part = self._stack.enter_context(self._gathering.part(name))
            normaliser = self._stack.enter_context(self._gathering.normaliser(name, self._source))
            self._open[name] = (Rows(family(name)), part, normaliser)
        return self._open[name]
