"""The parts that reports are put together from: spans of text in lines, lines in cells, cells in tables.

HTML and PDF are two renderings of the same parts, so that neither can say what the other does not. Every text becomes
a part through `span`, which makes it harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flows.report.harmless import harmless_part

#: The longest name or clause shown.
MAX_NAME = 120

Style = Literal["plain", "strong", "muted", "name", "id", "key", "digest", "code"]
Kind = Literal["text", "note", "warning", "quote", "chip", "origin", "exhibit"]


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style. `key` is the id a row is found by, `name` one that may be written from right to left."""

    text: str
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """Spans that stay together. A chip is a glyph and a word, and `tone` is its status."""

    spans: tuple[Span, ...]
    kind: Kind = "text"
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines, one below the other; `tone` stresses a number."""

    lines: tuple[Line, ...]
    tone: Literal["", "red", "strong"] = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; numbers are set to the right."""

    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns; the cell at `head` names its row."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    head: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and what is said of it: a line, and perhaps points below it."""

    term: str
    line: Line
    points: tuple[str, ...] = ()


def span(text: str, style: Style = "plain", most: int = MAX_NAME) -> Span:
    """Return harmless text of at most `most` characters in a style."""
    return Span(harmless_part(text, most), style)


def line(*parts: str | Span, kind: Kind = "text", tone: str = "", most: int = MAX_NAME) -> Line:
    """Return a line of parts; bare texts are plain spans of at most `most` characters."""
    return Line(tuple(part if isinstance(part, Span) else span(part, most=most) for part in parts), kind, tone)


def note(*parts: str | Span, most: int = MAX_NAME) -> Line:
    """Return a line in small type."""
    return line(*parts, kind="note", most=most)


def cell(*lines: str | Line, tone: Literal["", "red", "strong"] = "") -> Cell:
    """Return a cell of lines; bare texts are lines of their own."""
    return Cell(tuple(each if isinstance(each, Line) else line(each) for each in lines), tone)
