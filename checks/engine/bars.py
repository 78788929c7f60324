"""Where the bars of a distribution begin and end: whole numbers, with the contracted limit always an edge."""

from __future__ import annotations

from itertools import pairwise


def bar_edges(least: int, most: int, limit: int, bars: int) -> list[tuple[int, int]]:
    """Return (low, high) pairs that cover `least` to `most`: `bars` up to the limit, at most as many beyond it.

    The first bar starts at zero, or at `least` or the limit where these are below it. When nothing lies between that
    start and the limit, the first bar is the limit's value alone, so that no bar holds both sides of it.
    """
    start = min(0, least, limit)
    span = limit - start
    width = span or max(most - limit, bars)
    steps = [start + width * step // bars for step in range(2 * bars + 1)]
    inside = sorted({edge for edge in steps if edge <= limit})
    outside = sorted({edge for edge in steps if limit < edge})
    edges = inside + _needed(outside, most) if most > limit else inside
    pairs = list(pairwise(edges))
    return pairs if span else [(limit, limit), *pairs]


def _needed(outside: list[int], most: int) -> list[int]:
    covering = [edge for edge in outside if edge < most]
    rest = outside[len(covering) :]
    # The last bar is open-ended: it reaches the largest measure however far away that is.
    return [*covering, rest[0]] if rest else [*covering[:-1], most]
