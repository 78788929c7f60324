"""Plain text that reads the same to everybody: no control characters, and none that hide or turn what stands there."""

from __future__ import annotations

#: Characters that take no place or look like a space, though Unicode calls them letters, marks or symbols: what is
#: Default_Ignorable_Code_Point (DerivedCoreProperties) and printable to Python, and the blank Braille pattern.
_UNSEEN = frozenset(
    chr(code)
    for first, last in (
        *((0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164)),
        *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
    )
    for code in range(first, last + 1)
)
#: No-break spaces, which languages need; every other character that is not printable is refused.
_SPACES = frozenset("\n\u00a0\u202f")


def is_plain(text: str) -> bool:
    """Return whether a text has only printable characters, line feeds and no-break spaces.

    Marks that turn the direction of writing, characters without a width and other line separators could show whoever
    approves a text something else than whoever receives it reads.
    """
    return all(is_seen(character) for character in text)


def is_seen(character: str) -> bool:
    """Return whether a character is printable and visible, a line feed or a no-break space."""
    return character in _SPACES or (character.isprintable() and character not in _UNSEEN)


def plain(text: str) -> str:
    """Return a text with everything escaped that `is_plain` refuses."""
    return "".join(c if is_seen(c) else c.encode("unicode_escape").decode() for c in text)
