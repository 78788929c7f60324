"""Text that others wrote, made safe for formats that cannot hold every character; the way back gives the same text."""

from __future__ import annotations

import re
import unicodedata

from flows.report.harmless import harmless

#: Controls, bidi and zero-width marks, surrogates, line and paragraph separators: illegal in XML, or unseen.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NO_CHARACTERS = frozenset({"\ufffe", "\uffff"})
_ESCAPE = re.compile(r"\\(?:\\|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_MARKUP = re.compile(r"([\\`*<>\[\]{}&])")

MAX_PROSE = 4000


def escaped(text: str) -> str:
    r"""Return text on one line, every hidden character and blank at an end as `\uXXXX`, a backslash as two."""
    last = len(text) - 1
    return "".join(_escaped(c, end=place in {0, last}) for place, c in enumerate(text))


def _escaped(character: str, *, end: bool) -> str:
    if character == "\\":
        return "\\\\"
    hidden = unicodedata.category(character) in _HIDDEN or character in _NO_CHARACTERS
    if not hidden and not (end and character.isspace()):
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def unescaped(text: str) -> str:
    """Return the text that `escaped` was given."""
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else "\\", text)


def prose(text: str, otherwise: str = "not stated") -> str:
    """Return text for a person: one line, nothing hidden, bounded; never empty. The exact text is carried beside it."""
    return harmless(text, MAX_PROSE) or otherwise


def markup(text: str, otherwise: str = "not stated") -> str:
    """Return text for a person where Markdown and HTML would be interpreted."""
    return _MARKUP.sub(r"\\\1", prose(text, otherwise))
