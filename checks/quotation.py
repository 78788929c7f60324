"""Whether a clause's own words stand in the document it is quoted from, and on the page it names.

A quotation is compared without regard to what printing changes: ligatures and widths (NFKC), case, soft hyphens, words
divided at the end of a line, shapes of quotation marks and dashes, white space. `…`, `...` and `[…]` leave words out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

#: A passage is looked for around every place where its rarest long word stands; so many at most.
MAX_PLACES = 50
_PAGE = re.compile(r"\bp\.\s*([0-9]{1,4})\b")
_DIVIDED = re.compile(r"(?<=\w)-\s*\n\s*(?=\w)")
_OMISSION = re.compile(r"\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.")
_MARKS = str.maketrans({**dict.fromkeys("‘’‚‛′", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒–—−", "-")})


@dataclass(frozen=True, slots=True)
class Found:
    """Where a quotation stands: pages from 1 on which it begins; else the passage that is closest, and how close."""

    pages: tuple[int, ...] = ()
    closest: str = ""
    likeness: float = 0.0


def page_of(clause: str) -> int | None:
    """Return the page that a clause's reference names, as in `DPA §4.2 p.7`."""
    match = _PAGE.search(clause)
    return int(match[1]) if match else None


def find(quote: str, pages: Sequence[str]) -> Found:
    """Return where a quotation stands in a document's pages; it may run over the end of a page."""
    parts = [part for raw in _OMISSION.split(quote) if (part := _plain(raw))]
    if not parts:
        return Found()
    texts = [_plain(page) for page in pages]
    whole = " ".join(texts)
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    places = [place for place in _all(parts[0], whole) if _follow(parts[1:], whole, place + len(parts[0]))]
    if places:
        return Found(tuple(sorted({max(n for n, start in enumerate(starts, 1) if start <= p) for p in places})))
    return _closest(" ".join(parts), whole)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.replace("\u00ad\n", "").replace("\u00ad", ""))
    text = _DIVIDED.sub("", text.translate(_MARKS))
    return " ".join(text.casefold().split())


def _all(part: str, whole: str) -> list[int]:
    found, at = [], whole.find(part)
    while at >= 0:
        found.append(at)
        at = whole.find(part, at + 1)
    return found


def _follow(parts: Sequence[str], whole: str, at: int) -> bool:
    for part in parts:
        at = whole.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _closest(quote: str, whole: str) -> Found:
    """Return the passage most like the quotation, looked for around its rarest long word."""
    words = sorted(set(re.findall(r"\w{4,}", quote)), key=lambda word: (whole.count(word) or 10**9, word))
    best = Found()
    for word in words[:3]:
        offset = quote.find(word)
        for place in _all(word, whole)[:MAX_PLACES]:
            start = max(0, place - offset)
            passage = whole[start : start + len(quote)]
            likeness = SequenceMatcher(None, quote, passage, autojunk=False).ratio()
            if likeness > best.likeness:
                best = Found(closest=passage, likeness=likeness)
    return best
