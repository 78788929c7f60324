"""Strict JSON for streams of records: one decoder for millions of values, where `evidence.canonical` reads one file.

The rules are the same (no duplicate keys, no NaN); this one can start anywhere in a text, which a stream needs.
"""

from __future__ import annotations

import json
import math
from typing import Any

from evidence.canonical import Json
from evidence.errors import SourceError


class NotJson(SourceError):
    """A text breaks JSON. `at` is the offset of the mistake; `torn` says that more text might mend it."""

    def __init__(self, why: str, at: int, *, torn: bool = False) -> None:
        super().__init__(why)
        self.at = at
        self.torn = torn


class Flawed(NotJson):
    """A well-formed value that strict JSON refuses: a duplicate key, a NaN or a number that would become infinite."""


class Decoder:
    """Decodes JSON values; `flaw` names what is wrong with a well-formed one (see `Flawed`)."""

    def __init__(self) -> None:
        self.flaw: str | None = None
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_float=self._float
        )

    def decode(self, text: str) -> Json:
        """Return the one value that a text holds; raises `NotJson` for a flaw, too."""
        start = len(text) - len(text.lstrip(" \t\r\n"))
        value, end = self.decode_at(text, start)
        if text[end:].strip(" \t\r\n"):
            raise NotJson("text after the value", end)
        if self.flaw is not None:
            raise Flawed(self.flaw, start)
        return value

    def decode_at(self, text: str, start: int) -> tuple[Json, int]:
        """Return the value that starts at an offset and the offset after it; the caller looks at `flaw`."""
        self.flaw = None
        try:
            value, end = self._decoder.raw_decode(text, start)
        except json.JSONDecodeError as cause:
            # A torn string is reported where it starts, everything else torn close to the end of the text.
            torn = "string" in cause.msg or "escape" in cause.msg or cause.pos >= len(text) - 16
            raise NotJson(cause.msg, cause.pos, torn=torn) from cause
        except RecursionError as cause:
            raise NotJson("nested too deeply", start) from cause
        except ValueError as cause:
            raise NotJson(str(cause), start) from cause
        return value, end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            self.flaw = "duplicate key"  # which one is not said: what stands in a log may be a prompt, in a key too
        return found

    def _constant(self, name: str) -> None:
        self.flaw = f"{name} is not JSON"

    def _float(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            self.flaw = "a number is beyond every floating-point number"
        return value
