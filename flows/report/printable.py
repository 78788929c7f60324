"""Which characters the fonts of the PDF can show, and how the others are written: `[U+4E2D]`, never as an empty box.

The fonts are the ones inside typst, so that a report is the same on every machine: Latin, Greek, Cyrillic, Hebrew and
basic Arabic. HTML needs none of this, because a reader's own fonts show it.
"""

from __future__ import annotations

import unicodedata
from typing import Any

#: First and last of runs that the fonts cover whole; a test sets every character of them.
COVERED = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x24F),
    (0x300, 0x36F),
    (0x370, 0x4FF),
    (0x5D0, 0x5EA),
    (0x621, 0x63A),
    (0x641, 0x64A),
    (0x660, 0x669),
    (0x1E00, 0x1FFF),
    (0x2000, 0x2027),
    (0x202F, 0x2040),
    (0x2070, 0x209C),
    (0x20A0, 0x20BF),
    (0x2190, 0x23FF),
    (0x2500, 0x25FF),
    (0xFB00, 0xFB06),
)
#: Glyphs of our own, and what `harmless` shows for a character that must not be seen.
OWN = "✓✕⚑№™\ufffd"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Printable:
    """Writes text with the characters there are glyphs for, and remembers which others it met."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    def text(self, text: str) -> str:
        """Return text in composed form in which every character can be shown."""
        if text.isascii():
            return text
        return "".join(self._shown(character) for character in unicodedata.normalize("NFC", text))

    def every(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Return parts of a report with all of their texts printable."""
        return {key: self._value(each) for key, each in parts.items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self.every(value)
        return [self._value(each) for each in value] if isinstance(value, list | tuple) else value

    def _shown(self, character: str) -> str:
        if character in OWN or _covered(character):
            return character
        self.missing.add(character)
        return f"[U+{ord(character):04X}]"


def _covered(character: str) -> bool:
    inside = any(first <= ord(character) <= last for first, last in COVERED)
    return inside and unicodedata.category(character) not in _HIDDEN
