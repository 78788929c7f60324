"""The rewrites of functions of text; each states the difference between the engines that it removes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sqlglot import exp

from checks.engine.portable_grammar import Node, not_portable, text

#: What DuckDB's `trim` takes from both ends; Spark's takes only the first of them.
SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

#: Spark lowers these two by their neighbours or into two letters, DuckDB one by one.
UPPER, LOWER = "\u03a3\u0130", "\u03c3i"

#: Letters whose other case Unicode 16 added: Spark knows it, DuckDB leaves them alone.
NEW_CAPITALS = "\u1c89\ua7cb\ua7cc\ua7da\ua7dc" + "".join(map(chr, range(0x10D50, 0x10D66)))
NEW_SMALL = "\u1c8a\u0264\ua7cd\ua7db\u019b" + "".join(map(chr, range(0x10D70, 0x10D86)))

#: Stand in for such letters while Spark changes the case: no text has noncharacters (Unicode 23.7), and few texts
#: have characters of the last private plane.
NONCHARACTERS = "".join(map(chr, range(0xFDD0, 0xFDD0 + len(NEW_CAPITALS))))
PRIVATE = range(0x10F000, 0x10FFFE)

#: A whole text made of plain ASCII letters, digits and classes of them; RE2 and Java agree on nothing wider unseen.
_PATTERN = re.compile(r"\^((\[[0-9A-Za-z_-]+\]|[0-9A-Za-z_:/-])(\{\d+(,\d*)?\}|[+*?])?)+\$")


def lower(node: Any) -> Node:
    """Lower the two letters first that Spark treats by their context, and spare those that DuckDB does not know."""
    fixed = _translated(node.this.copy(), UPPER + NEW_CAPITALS, LOWER + NONCHARACTERS)
    return _translated(exp.Lower(this=fixed), NONCHARACTERS, NEW_CAPITALS)


def upper(node: Any) -> Node:
    """Raise letters one by one: Spark makes two of some, as of the German sharp s."""
    letters, raised = zip(*_raised_alone(), strict=True)
    standing = "".join(map(chr, PRIVATE[: len(letters)]))
    fixed = exp.Upper(this=_translated(node.this.copy(), "".join(letters), standing))
    return _translated(fixed, standing, "".join(raised))


@cache
def _raised_alone() -> tuple[tuple[str, str], ...]:
    """Return the letters that Spark raises to several, or that DuckDB does not raise, with what DuckDB makes of them.

    Where Unicode names one capital for a letter, it is the titlecase of it; the sharp s has one that is no titlecase.
    """
    several = [c for c in map(chr, range(0x80, 0x10FFFF)) if len(c.upper()) > 1]
    found = [(c, c.title() if len(c.title()) == 1 else c) for c in several]
    return tuple((c, "\u1e9e" if c == "\xdf" else raised) for c, raised in found) + tuple((c, c) for c in NEW_SMALL)


def _translated(value: Node, letters: str, into: str) -> Node:
    return exp.Anonymous(this="translate", expressions=[value, text(letters), text(into)])


def trim(node: Any) -> Node:
    """Name the characters to trim, because the engines mean different spaces."""
    if node.args.get("collation") or (node.args.get("position") and not _literal(node.expression)):
        raise not_portable(node, "only literal characters can be taken from one end")
    return node if node.expression else exp.Trim(this=node.this.copy(), expression=text(SPACES), position="BOTH")


def like(node: Any) -> Node:
    """Double backslashes in a pattern: DuckDB has no escape character unless one is named, Spark always has."""
    if isinstance(node.parent, exp.Escape) or not node.expression.is_string:
        raise not_portable(node, "a pattern must be a literal without ESCAPE")
    found = exp.Like(this=node.this.copy(), expression=text(node.expression.name.replace("\\", "\\\\")))
    return exp.Not(this=found) if node.args.get("negate") else found


def regular(node: Any) -> Node:
    """End a pattern with the end of the text: Java's `$` also stands before a last line feed."""
    pattern = node.expression
    if node.args.get("flag") or not pattern.is_string or not _PATTERN.fullmatch(pattern.name):
        raise not_portable(node, "only ^…$ over ASCII letters, digits and classes of them was compared")
    return exp.RegexpLike(this=node.this.copy(), expression=text(pattern.name[:-1] + r"\z"))


def _literal(node: Any) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string and node.name)


def pad(node: Any) -> Node:
    """Refuse a computed length or filling: the engines part over the negative and the empty."""
    if not (node.expression.is_int and _literal(node.args.get("fill_pattern"))):
        raise not_portable(node, "only literal lengths and fillings were compared")
    return node


def replace(node: Any) -> Node:
    """Refuse to look for a computed or empty text."""
    if not (node.expression.is_string and node.expression.name and node.args["replacement"].is_string):
        raise not_portable(node, "only the replacement of a literal was compared")
    return node


def split_part(node: Any) -> Node:
    """Refuse what does not count from the front or has no literal between the parts."""
    between, place = node.args["delimiter"], node.args["part_index"]
    if not (between.is_string and between.name and place.is_int and place.to_py() > 0):
        raise not_portable(node, "only a part counted from the front, between literals, was compared")
    return node


def character(node: Any) -> Node:
    """Refuse a character that is computed or not ASCII: Spark counts them modulo 256."""
    code = node.expressions[0]
    if len(node.expressions) > 1 or not code.is_int or not 0 < code.to_py() < 128:
        raise not_portable(node, "only a literal ASCII character was compared")
    return node


def digest(node: Any) -> Node:
    """Refuse any digest but SHA-256."""
    if node.args["length"].name != "256":
        raise not_portable(node, "only SHA-256 was compared")
    return node
