"""Makes text that others wrote safe to show: nothing in it may hide, reorder, overflow or break the page."""

from __future__ import annotations

import unicodedata

#: The longest text shown for one value; what is longer is in the bundle's data.
LONGEST = 900
#: Accents stacked on one letter; more of them would paint over the lines above.
MAX_MARKS = 2

_SHOWN_AS = "\ufffd"
_BLANKS = frozenset({"Zs", "Zl", "Zp"})
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # controls, bidi and zero-width marks, surrogates, unassigned
_SOFT_HYPHEN = "\u00ad"


def harmless(text: str, most: int = LONGEST) -> str:
    """Return text on one line, at most `most` characters, with every invisible or reordering character made visible.

    Escaping for HTML is not done here: the template engine does it for every value.
    """
    shown: list[str] = []
    marks = 0
    for character in text[: most * 4]:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if character != _SOFT_HYPHEN and marks <= MAX_MARKS:
            shown.append(_visible(character, kind))
    line = " ".join(word for word in "".join(shown).split(" ") if word)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def harmless_part(text: str, most: int = LONGEST) -> str:
    """Return harmless text that keeps a blank at either end, because it is put between others on a line."""
    inner = harmless(text, most)
    return f"{' ' if text[:1] == ' ' else ''}{inner}{' ' if inner and text[-1:] == ' ' else ''}"


def _visible(character: str, kind: str) -> str:
    if kind in _BLANKS or character in "\t\n\r":
        # A thin or no-break space inside a number is ours; it is as harmless as any other blank.
        return character if character in "\u00a0\u202f\u2009" else " "
    return _SHOWN_AS if kind in _HIDDEN else character
