"""Plain text that reads the same to everybody: no control characters, and none that hide or turn what stands there."""

from __future__ import annotations

#: No-break spaces, which languages need; every other character that is not printable is refused.
_SPACES = frozenset("\n\u00a0\u202f")


def is_plain(text: str) -> bool:
    """Return whether a text has only printable characters, line feeds and no-break spaces.

    Marks that turn the direction of writing, characters without a width and other line separators could show whoever
    approves a text something else than whoever receives it reads.
    """
    return all(character.isprintable() or character in _SPACES for character in text)


def plain(text: str) -> str:
    """Return a text with everything escaped that `is_plain` refuses."""
    return "".join(c if c.isprintable() or c in _SPACES else c.encode("unicode_escape").decode() for c in text)
