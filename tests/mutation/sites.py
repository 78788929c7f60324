"""Where a statement of SQL can be broken: one small change at one place that a case should notice.

A place is known by its surroundings with numbers and texts masked, so that the same line of a kernel is the same site
whatever the period, the terms and the kind are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from evidence.model import Outcome, Reason

#: Pairs of (what is looked for, what it becomes). Text in quotes is only touched where a pattern names it.
OPERATORS: tuple[tuple[str, str], ...] = (
    (r" < ", " <= "),
    (r" <= ", " < "),
    (r" > ", " >= "),
    (r" >= ", " > "),
    (r" = ", " <> "),
    (r" <> ", " = "),
    (r" AND ", " OR "),
    (r" OR ", " AND "),
    (r"\bNOT ", ""),
    (r" IS NULL", " IS NOT NULL"),
    (r" IS NOT NULL", " IS NULL"),
    (r"\bmin\(", "max("),
    (r"\bmax\(", "min("),
    (r"\bleast\(", "greatest("),
    (r"\bgreatest\(", "least("),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"\bLEFT JOIN\b", "JOIN"),
    (r"\bDISTINCT ", ""),
    (r"'violation'", "'ok'"),
    (r"'unknown'", "'ok'"),
    (r"'excused'", "'ok'"),
    (r"'open'", "'ok'"),
)
#: What each operator is called: the words that it replaces.
WORDS = tuple(dict.fromkeys(re.sub(r"\\b|\\", "", found).strip().rstrip("(") for found, _ in OPERATORS))
_PATTERN = re.compile("|".join(f"({found})" for found, _ in OPERATORS))
_OUTCOMES = re.compile(r"'(?:violation|unknown|excused|open|ok)'")
_KEPT = re.compile("|".join(f"'{word}'" for word in (*Outcome, *Reason)))
_QUOTED = re.compile(r"'(?:[^']|'')*'")
#: Of rows that say the same thing in several files, any file may be named: `min(artefact)` or `max` is no verdict.
_WHICH_FILE = re.compile(r"(?:\w+\.)?artefact\)")
_BETWEEN = re.compile(r"\bBETWEEN\b[^()]*$", re.IGNORECASE)
CONTEXT = 60
#: How much of a statement is read to have so much context once texts are masked.
SEEN = 900
#: Stands for a character of a text that is masked.
FILLER = "\x01"


@dataclass(frozen=True)
class Site:
    """One mutation: `before` and `after` are the masked surroundings of what is replaced."""

    before: str
    found: str
    becomes: str
    after: str
    again: int

    @property
    def word(self) -> str:
        """Return what the operator is called."""
        return self.found.strip().rstrip("(")

    def __str__(self) -> str:
        """Render as one line with the change in brackets."""
        text = f"{self.before}[{self.found.strip()} -> {self.becomes.strip() or 'nothing'}]{self.after}"
        return text.strip() + (f" (occurrence {self.again + 1})" if self.again else "")


@lru_cache(maxsize=4096)
def sites(sql: str) -> dict[Site, tuple[int, int]]:
    """Return every site of a statement, and where it is."""
    places: dict[Site, tuple[int, int]] = {}
    seen: dict[Site, int] = {}
    quoted = [m.span() for m in _QUOTED.finditer(sql) if not _OUTCOMES.fullmatch(m[0])]
    ends = [end for _, end in quoted]
    blank = _QUOTED.sub(lambda m: m[0] if _KEPT.fullmatch(m[0]) else f"'{FILLER * (len(m[0]) - 2)}'", sql)
    for match in _PATTERN.finditer(sql):
        start, end = match.span()
        inside = bisect_right(ends, start)
        if inside < len(quoted) and quoted[inside][0] < start:
            continue
        if match[0] == " AND " and _BETWEEN.search(sql[max(0, start - SEEN) : start]):
            continue
        if match[0] in {"min(", "max("} and _WHICH_FILE.match(sql, end):
            continue
        assert match.lastindex is not None
        becomes = OPERATORS[match.lastindex - 1][1]
        before = _masked(blank[max(0, start - SEEN) : start])[-CONTEXT:]
        after = _masked(blank[end : end + SEEN])[:CONTEXT]
        first = Site(before, match[0], becomes, after, 0)
        seen[first] = seen.get(first, -1) + 1
        site = Site(first.before, first.found, first.becomes, first.after, seen[first])
        places[site] = (start, end)
    return places


def mutant(sql: str, site: Site) -> str:
    """Return a statement with one site changed, or as it is where it has no such site."""
    place = sites(sql).get(site)
    return sql if place is None else sql[: place[0]] + site.becomes + sql[place[1] :]


def _masked(blank: str) -> str:
    """Return a text with every number as 0, every text and list of texts as one '', and single spaces."""
    text = re.sub(r"\d+", "0", re.sub(rf"'{FILLER}*'(?:\s*,\s*'{FILLER}*')*", "''", blank))
    return re.sub(r"\s+", " ", text)
