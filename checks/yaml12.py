"""Bounded YAML 1.2 with positions: bytes in, plain data with the line and column of every key and value out.

The reader works on the parser's events, so that every limit is applied before anything is built. It is narrower than
YAML on purpose: no anchors, aliases, tags, merge keys or second documents, and nothing is guessed: `NO`, `yes` and
`24:00` are text, and so are dates, which the model reads.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
from evidence.errors import BadInput, Place, Problem

MAX_BYTES = 1 << 20
MAX_LINE = 1 << 16
MAX_DEPTH = 24
MAX_NODES = 20_000
MAX_DIGITS = 15
MAX_SHOWN = 240

Path: TypeAlias = tuple[str | int, ...]
Spot: TypeAlias = tuple[int, int]

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BREAK = re.compile(r"\r\n|[\n\r]")

#: What an escape could smuggle past a reader's eyes: control characters, half code points, changes of direction.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

#: What the parser raises on hostile text besides its own errors, such as an escape beyond the last code point.
_PARSER_SLIPS = (ValueError, OverflowError, IndexError, TypeError, AttributeError, AssertionError)


@dataclass(frozen=True)
class Document:
    """What one file says. `unwritten` are keys without a value; `problems` did not stop the reading."""

    file: str
    data: Mapping[str, Any]
    problems: tuple[Problem, ...]
    unwritten: frozenset[Path]
    lines: tuple[str, ...] = field(repr=False)
    keys: Mapping[Path, Spot] = field(repr=False)
    values: Mapping[Path, Spot] = field(repr=False)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Return where a value (or its key) stands, or else the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        named = key or path in self.unwritten  # a value that is not there stands where its key is
        spot = self.keys.get(path) if named else None
        return _place(self.file, self.lines, spot or self.values[path])


def read_yaml(raw: bytes, file: str) -> Document:
    """Return the one mapping that a file holds.

    `file` is the name shown in messages. Raises `BadInput` when there is no mapping to return; duplicate keys,
    anchors, tags and the like are left in `problems`, so that the rest of the file can be judged too.
    """
    text = _decode(raw, file)
    lines = tuple(_BREAK.split(text))
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            message = f"a line of {len(line)} characters; at most {MAX_LINE} are read"
            raise BadInput(Problem(Code.TOO_LARGE, message, Place(file, number)))
    return _Reader(file, lines).read(text)


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        message = f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read"
        raise BadInput(Problem(Code.TOO_LARGE, message, Place(file)))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        lines = _BREAK.split(before)
        place = Place(file, len(lines), len(lines[-1]) + 1)
        raise BadInput(Problem(Code.NOT_TEXT, "the file is not UTF-8 text", place, "save it as UTF-8")) from None


def _place(file: str, lines: tuple[str, ...], spot: Spot) -> Place:
    line, column = spot
    text = lines[line - 1] if line <= len(lines) else ""
    shown = "".join(c if c.isprintable() else " " for c in text[:MAX_SHOWN]) if column <= MAX_SHOWN else ""
    return Place(file, line, column, shown)


class _Reader:
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

    def read(self, text: str) -> Document:
        try:
            self.events = YAML(typ="safe", pure=True).parse(text)
            data = self._only_document()
        except ReaderError as error:
            before = _BREAK.split(text[: error.position])
            spot = (len(before), len(before[-1]) + 1)
            self._stop(Code.NOT_TEXT, "a control character cannot stand in YAML", spot)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = " ".join(str(error.problem or error.context).split())
            self._stop(Code.NOT_YAML, f"this is not YAML: {what}", _spot(mark) if mark else (1, 1))
        except (YAMLError, *_PARSER_SLIPS):
            self._stop(Code.NOT_YAML, "this is not YAML", max(self.values.values(), default=(1, 1)))
        return Document(
            self.file, data, tuple(self.problems), frozenset(self.unwritten), self.lines, self.keys, self.values
        )

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
        if _INVISIBLE.search(text):
            self._note(Code.MALFORMED, "this text contains an invisible control character", spot)
        return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)

    def _scalar(self, event: ScalarEvent, path: Path, spot: Spot) -> Any:
        text = self._visible(str(event.value), spot)
        if not event.implicit[0]:
            return text
        if text in _NULL:
            if not text:
                self.unwritten.add(path)
            return None
        if text in _BOOL:
            return _BOOL[text]
        return self._number(text, spot)

    def _number(self, text: str, spot: Spot) -> Any:
        whole = _INTEGER.fullmatch(text)
        if whole is None and _FLOAT.fullmatch(text) is None:
            return text
        if len(text) <= MAX_DIGITS and not text.lower().endswith((".inf", ".nan")):
            number = _integer(text) if whole else float(text)
            if math.isfinite(number):
                return number
        self._note(Code.MALFORMED, "this number is too long or not finite; put it in quotes if it is text", spot)
        return text

    def _note(self, code: Code, message: str, spot: Spot) -> None:
        self.problems.append(Problem(code, message, _place(self.file, self.lines, spot)))

    def _stop(self, code: Code, message: str, spot: Spot | None) -> NoReturn:
        place = _place(self.file, self.lines, spot) if spot else Place(self.file)
        raise BadInput(*self.problems, Problem(code, message, place))


def _spot(mark: Any) -> Spot:
    return mark.line + 1, mark.column + 1


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
