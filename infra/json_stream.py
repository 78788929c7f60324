"""Records out of a stream of JSON in whatever form it comes, through a window of bounded size.

Forms, also mixed: a document `{"Records": [...]}` (by any name of `containers`), a bare array, one object a line, a
single object over many lines. One bad record costs that record; the others are found again behind it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from evidence.canonical import Json
from evidence.errors import LimitExceeded, Terminal
from infra.limits import Limits
from infra.strict_json import Decoder, Flawed, NotJson

CONTAINERS = ("Records", "Events")
CHUNK_BYTES = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_STRUCTURE = re.compile(r'["{}\[\],]')
_IN_STRING = re.compile(r'["\\]')
_MARGIN = re.compile(r"\n[^ \t\r\n}\]]")
_OPENING = 1024


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that stood where records belong and is none: why, and how many records it may have been."""

    why: str
    count: int = 1


Found: TypeAlias = Json | Broken


class _EndedError(Exception):
    """The stream ended inside something; never leaves this module."""


class _TooLongError(NotJson):
    pass


class JsonStream:
    """Reads records one by one. After the last, `damage` says why the stream ended too early, if it did."""

    def __init__(self, stream: BinaryIO, limits: Limits, containers: tuple[str, ...] = CONTAINERS) -> None:
        self.damage: str | None = None
        self._stream, self._limits, self._containers = stream, limits, containers
        space = r"[ \t\r\n]*"
        self._opens = re.compile(rf'\{{{space}"(?:{"|".join(containers)})"{space}:{space}\[')
        self._decoder = Decoder()
        # Bytes that are not UTF-8 become surrogates: they cost the value they stand in and not the file.
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text, self._at, self._open = "", 0, True

    def records(self) -> Iterator[Found]:
        """Yield every record, and a `Broken` for whatever is none, in order."""
        try:
            while char := self._peek():
                if char == "[":
                    self._at += 1
                    yield from self._elements()
                elif char == "{" and (opening := self._document()):
                    self._at = opening.end()
                    yield from self._elements()
                    yield from self._members()
                else:
                    yield from self._bare()
        except _EndedError:
            if self.damage is None:
                self.damage = "the file ends in the middle of its JSON"

    def _elements(self) -> Iterator[Found]:
        if self._must() == "]":
            self._at += 1
            return
        while True:
            try:
                yield self._value()
            except Flawed as cause:
                yield Broken(str(cause))
            except NotJson as cause:
                self._skip_element()
                yield Broken(str(cause))
            if self._must() not in ",]":
                self._skip_element()
                yield Broken("text between two records")
            self._at += 1
            if self._text[self._at - 1] == "]":
                return

    def _members(self) -> Iterator[Found]:
        while self._must() == ",":
            self._at += 1
            try:
                key = self._value()
                if self._must() != ":":
                    break
                self._at += 1
                content = self._value()
            except NotJson:
                break
            if key in self._containers:
                yield Broken(f"duplicate key {key!r}", max(1, len(content) if isinstance(content, list) else 1))
        if self._must() == "}":
            self._at += 1
        else:
            yield self._skip_lines("text after the records")

    def _bare(self) -> Iterator[Found]:
        if self._peek() != "{":
            yield self._skip_lines("not a JSON object")
            return
        try:
            value = self._value()
        except Flawed as cause:
            yield Broken(str(cause))
            return
        except _TooLongError as cause:
            # Starting again inside what was too long could be repeated a thousand times over the same text.
            yield self._skip_lines(str(cause), least=self._limits.record)
            return
        except NotJson as cause:
            yield self._skip_lines(str(cause))
            return
        inner = [value.get(key) for key in self._containers] if isinstance(value, dict) else []
        listed = next((records for records in inner if isinstance(records, list)), None)
        yield from [value] if listed is None else listed

    def _value(self) -> Json:
        """Read one value; after `Flawed` the stream stands behind it, after `NotJson` still before it."""
        self._must()
        while True:
            try:
                value, end = self._decoder.decode_at(self._text, self._at)
            except NotJson as cause:
                self._more_of(cause)
                continue
            if end == len(self._text) and not isinstance(value, dict | list | str) and self._fill():
                continue
            length, self._at = end - self._at, end
            if length > self._limits.record:
                raise Flawed(self._too_long(), end)
            flaw = self._decoder.flaw or self._too_deep(value, end - length, end)
            if flaw is not None:
                raise Flawed(flaw, end)
            return value

    def _too_deep(self, value: Json, start: int, end: int) -> str | None:
        # Python gives up at a depth that depends on who calls, so a depth of our own comes first.
        if self._text.count("[", start, end) + self._text.count("{", start, end) <= self._limits.depth:
            return None
        level: list[Json] = [value]
        for _ in range(self._limits.depth + 1):
            inner = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
            if not inner:
                return None
            level = [value for values in inner for value in values]
        return "nested too deeply"

    def _more_of(self, cause: NotJson) -> None:
        """Read on where a value may only have been torn by the window; raise what else it is."""
        window = len(self._text) - self._at
        if not cause.torn:
            raise cause
        if window > self._limits.record:
            raise _TooLongError(self._too_long(), self._at) from cause
        at_the_end = cause.at >= len(self._text.rstrip()) or "Unterminated" in str(cause)
        if self._fill(window):
            return
        if at_the_end:
            raise _EndedError from cause
        raise cause

    def _too_long(self) -> str:
        return f"longer than the limit of {self._limits.record} characters"

    def _document(self) -> re.Match[str] | None:
        while len(self._text) - self._at < _OPENING and self._fill():
            pass
        return self._opens.match(self._text, self._at)

    def _skip_element(self) -> None:
        depth = 0
        while True:
            found = _STRUCTURE.search(self._text, self._at)
            if found is None:
                self._at = len(self._text)
                self._fill_or_end()
                continue
            self._at, char = found.end(), found[0]
            if char == '"':
                self._skip_string()
            elif char in "{[":
                depth += 1
            elif depth == 0 and char in ",]":
                self._at = found.start()
                return
            elif char in "}]":
                depth = max(0, depth - 1)

    def _skip_string(self) -> None:
        while True:
            found = _IN_STRING.search(self._text, self._at)
            if found is None:
                self._at = len(self._text)
                self._fill_or_end()
            elif found[0] == '"':
                self._at = found.end()
                return
            else:
                self._at = found.end()
                if self._at == len(self._text):
                    self._fill_or_end()
                self._at += 1

    def _skip_lines(self, why: str, *, least: int = 0) -> Broken:
        """Go on where a line starts a new value; lines in between that start at the margin were records, too."""
        count = 1 + len(_MARGIN.findall(self._text, self._at, self._at + least))
        self._at += least
        while True:
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end + 1
            if self._at == len(self._text) and not self._fill():
                return Broken(why, count)
            if end >= 0 and self._text[self._at] in "{[":
                return Broken(why, count)
            if end >= 0 and self._text[self._at] not in " \t\r\n}]":
                count += 1

    def _peek(self) -> str:
        """Return the next character that is not white space, or nothing at the end of the stream."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _must(self) -> str:
        char = self._peek()
        if not char:
            raise _EndedError
        return char

    def _fill_or_end(self) -> None:
        if not self._fill():
            raise _EndedError

    def _fill(self, wanted: int = 1) -> bool:
        """Drop what was consumed and read at least `wanted` more characters; false if there is nothing more."""
        parts, got = [self._text[self._at :]], 0
        while self._open and got < wanted:
            # read1 and not read: read would drop what it has when it meets damage.
            try:
                data = self._stream.read1(CHUNK_BYTES)  # type: ignore[attr-defined]
            except (Terminal, LimitExceeded) as cause:
                data, self.damage = b"", str(cause)
            self._open = bool(data)
            parts.append(self._utf8.decode(data, final=not data))
            got += len(parts[-1])
        self._text, self._at = "".join(parts), 0
        return got > 0
