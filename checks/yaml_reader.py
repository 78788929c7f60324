"""Build plain data from the parser's events, each limit applied before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from checks.codes import Code
from checks.scalars import INVISIBLE, Scalar, Unkept, plain_value
from evidence.errors import BadInput, Place, Problem

MAX_DEPTH = 24
MAX_NODES = 20_000
MAX_SHOWN = 240

Path: TypeAlias = tuple[str | int, ...]
Spot: TypeAlias = tuple[int, int]

BREAK = re.compile(r"\r\n|[\n\r]")

#: What the parser raises on hostile text besides its own errors, such as an escape beyond the last code point.
_PARSER_SLIPS = (ValueError, OverflowError, IndexError, TypeError, AttributeError, AssertionError)


def place_of(file: str, lines: tuple[str, ...], spot: Spot) -> Place:
    """Return a place with its line's text, harmless to print; a very long line is not shown."""
    line, column = spot
    text = lines[line - 1] if line <= len(lines) else ""
    shown = "".join(c if c.isprintable() else " " for c in text[:MAX_SHOWN]) if column <= MAX_SHOWN else ""
    return Place(file, line, column, shown)


class Reader:
    """One pass over the events of one file."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file = file
        self.lines = lines
        self.keys: dict[Path, Spot] = {}
        self.values: dict[Path, Spot] = {}
        self.unwritten: set[Path] = set()
        self.problems: list[Problem] = []
        self.nodes = 0
        self.events: Iterator[Event] = iter(())

    def read(self, text: str) -> dict[str, Any]:
        """Return the one mapping of the text; raises `BadInput` when there is none."""
        try:
            self.events = YAML(typ="safe", pure=True).parse(text)
            return self._only_document()
        except ReaderError as error:
            before = BREAK.split(text[: error.position])
            spot = (len(before), len(before[-1]) + 1)
            self._stop(Code.NOT_TEXT, "a control character cannot stand in YAML", spot)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = " ".join(str(error.problem or error.context).split())
            spot = _spot(mark) if mark else (1, 1)
            self._stop(Code.NOT_YAML, f"this is not YAML: {what}", spot, self._quoting(spot))
        except (YAMLError, *_PARSER_SLIPS):
            self._stop(Code.NOT_YAML, "this is not YAML", max(self.values.values(), default=(1, 1)))

    def _only_document(self) -> dict[str, Any]:
        first = next(self.events)
        if isinstance(first, StreamStartEvent):
            first = next(self.events)
        if not isinstance(first, DocumentStartEvent):
            self._stop(Code.EMPTY_FILE, "the file is empty", None)
        if (version := getattr(first, "version", None)) is not None and tuple(version) != (1, 2):
            self._note(Code.YAML_FEATURE, "only YAML 1.2 is read", _spot(first.start_mark))
        event = next(self.events)
        data = self._node(event, ())
        if not isinstance(data, dict):
            if data is None and () in self.unwritten:
                self._stop(Code.EMPTY_FILE, "the file is empty", None)
            self._stop(Code.NOT_A_MAPPING, "the file must be a mapping of keys to values", _spot(event.start_mark))
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                self._stop(Code.YAML_FEATURE, "a second document begins here", _spot(event.start_mark))
        return data

    def _node(self, event: Event, path: Path) -> Any:
        spot = _spot(event.start_mark)
        self.values[path] = spot
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._stop(Code.TOO_LARGE, f"more than {MAX_NODES} keys and values", spot)
        if len(path) > MAX_DEPTH:
            self._stop(Code.TOO_LARGE, f"nested more than {MAX_DEPTH} levels deep", spot)
        self._refuse_features(event, spot)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path, spot)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        return None

    def _refuse_features(self, event: Event, spot: Spot) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, AliasEvent):
            self._note(Code.YAML_FEATURE, f"an alias (*{anchor}) is not read here; repeat the value", spot)
        elif anchor is not None:
            self._note(Code.YAML_FEATURE, f"an anchor (&{anchor}) is not read here; remove it", spot)
        elif tag is not None:
            self._note(Code.YAML_FEATURE, f"a tag ({tag}) is not read here; remove it", spot)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event)
            spot = _spot(event.start_mark)
            inner = (*path, key)
            if first := self.keys.get(inner):
                self._note(Code.DUPLICATE_KEY, f"duplicate key '{key}'; first written on line {first[0]}", spot)
                inner = (*path, f"{key} on line {spot[0]}, column {spot[1]}")  # judged by nobody, but read to its end
                self._node(next(self.events), inner)
                continue
            self.keys[inner] = spot
            found[key] = self._node(next(self.events), inner)
        return found

    def _key(self, event: Event) -> str:
        spot = _spot(event.start_mark)
        if not isinstance(event, ScalarEvent):
            self._stop(Code.WRONG_TYPE, "a key must be text", spot)
        self._refuse_features(event, spot)
        if event.value == "<<" and event.implicit[0]:
            self._note(Code.YAML_FEATURE, "a merge key (<<) is not read here; repeat the values", spot)
        if event.value == "":
            self._note(Code.BAD_NAME, "a key is empty", spot)
        return self._visible(str(event.value), spot)

    def _visible(self, text: str, spot: Spot) -> str:
        if INVISIBLE.search(text):
            self._note(Code.MALFORMED, "this text contains an invisible control character", spot)
        return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)

    def _scalar(self, event: ScalarEvent, path: Path, spot: Spot) -> Scalar:
        text = self._visible(str(event.value), spot)
        if not event.implicit[0]:
            return text
        if not text:
            self.unwritten.add(path)
        value = plain_value(text)
        if isinstance(value, Unkept):
            self._note(Code.MALFORMED, "this number is too long or not finite; put it in quotes if it is text", spot)
            return text
        return value

    def _note(self, code: Code, message: str, spot: Spot) -> None:
        self.problems.append(Problem(code, message, place_of(self.file, self.lines, spot)))

    def _quoting(self, spot: Spot) -> str:
        """Return the way out where a variable's own braces end the braces around it."""
        line = self.lines[spot[0] - 1] if spot[0] <= len(self.lines) else ""
        return 'between braces a variable needs quotes: "${NAME}"' if "${" in line else ""

    def _stop(self, code: Code, message: str, spot: Spot | None, hint: str = "") -> NoReturn:
        place = place_of(self.file, self.lines, spot) if spot else Place(self.file)
        raise BadInput(*self.problems, Problem(code, message, place, hint))


def _spot(mark: Any) -> Spot:
    return mark.line + 1, mark.column + 1
