"""Bounded YAML 1.2 with positions: bytes in, plain data with the line and column of every key and value out.

The reader works on the parser's events, so that every limit is applied before anything is built. It is narrower than
YAML on purpose: no anchors, aliases, tags, merge keys or second documents, and nothing is guessed: `NO`, `yes` and
`24:00` are text, and so are dates, which the model reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.codes import Code
from checks.yaml_reader import BREAK, Path, Reader, Spot, place_of
from evidence.errors import BadInput, Place, Problem

MAX_BYTES = 1 << 20
MAX_LINE = 1 << 16


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
        return place_of(self.file, self.lines, spot or self.values[path])


def read_yaml(raw: bytes, file: str) -> Document:
    """Return the one mapping that a file holds.

    `file` is the name shown in messages. Raises `BadInput` when there is no mapping to return; duplicate keys,
    anchors, tags and the like are left in `problems`, so that the rest of the file can be judged too.
    """
    text = _decode(raw, file)
    lines = tuple(BREAK.split(text))
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            message = f"a line of {len(line)} characters; at most {MAX_LINE} are read"
            raise BadInput(Problem(Code.TOO_LARGE, message, Place(file, number)))
    reader = Reader(file, lines)
    data = reader.read(text)
    return Document(file, data, tuple(reader.problems), frozenset(reader.unwritten), lines, reader.keys, reader.values)


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        message = f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read"
        raise BadInput(Problem(Code.TOO_LARGE, message, Place(file)))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        lines = BREAK.split(before)
        place = Place(file, len(lines), len(lines[-1]) + 1)
        raise BadInput(Problem(Code.NOT_TEXT, "the file is not UTF-8 text", place, "save it as UTF-8")) from None
