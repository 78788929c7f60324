"""The report's drawings, as plain SVG text: the histogram with its limit, and bars of how far evidence reaches.

No script, no external reference and no paint server: hatching is drawn line by line. Colours come from the style
sheet's classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from math import ceil, log10

from evidence.model import Bucket, Coverage, Measure
from flows.report import words
from flows.report.harmless import harmless

WIDTH, HEIGHT = 460, 262
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 36, 44
#: The far side of the limit is always visible, even when nothing lies there.
MIN_FAR_SLOTS = 3
MAX_X_LABELS = 9
#: How high a count of one stands, in decades, so that a single late record can be seen.
FLOOR = 0.35
BAR_WIDTH, BAR_HEIGHT, HATCH = 132, 10, 5

_SCALES = ((86_400, "d", 5 * 86_400), (3600, "h", 2 * 3600), (60, "min", 120), (1, "s", 0))


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where counts and bars are: `near` bars lie within the limit, `slots` is the room for all of them."""

    most: int
    near: int
    slots: int

    @property
    def slot(self) -> float:
        return (WIDTH - LEFT - RIGHT) / self.slots

    def x(self, place: int) -> float:
        return LEFT + place * self.slot

    def y(self, count: int) -> float:
        base = HEIGHT - BOTTOM
        if count <= 0:
            return base
        return base - (base - TOP) * (log10(count) + FLOOR) / (log10(self.most) + FLOOR)


def histogram(buckets: Sequence[Bucket], measure: Measure, *, name: str, title: str, over: int) -> str:
    """Return a histogram with a log count axis; `over` is the number of violations beyond the limit.

    `name` makes the ids unique in the page. Every bar takes the same room; a last bar that spans more than the others
    is outlined with dashes and its far end is labelled.
    """
    limit = words.decimal(measure.limit) or Decimal(0)
    near = sum(1 for b in buckets if (words.decimal(b.high) or limit) <= limit)
    far = max(len(buckets) - near, MIN_FAR_SLOTS)
    axes = _Axes(max([1, *(b.count for b in buckets)]), near, near + far)
    shade = _rect("far", axes.x(near), TOP, WIDTH - RIGHT - axes.x(near), HEIGHT - BOTTOM - TOP)
    drawn = [shade, *_count_axis(axes), *_bars(buckets, axes), *_edges(buckets, axes, measure, limit)]
    drawn += _limit(axes, words.limit_text(measure), over)
    return _svg(name, (WIDTH, HEIGHT), title, in_words(buckets, measure), drawn, css="chart")


def in_words(buckets: Sequence[Bucket], measure: Measure) -> str:
    """Return what a histogram shows, for readers who cannot see it."""
    counts = ", ".join(f"{b.low} to {b.high}: {words.grouped(b.count)}" for b in buckets if b.count)
    return harmless(f"Records by {measure.name} in {measure.unit}, limit {measure.limit}. {counts}")


def _count_axis(axes: _Axes) -> list[str]:
    drawn = [_text("lab", LEFT - 52, TOP - 22, "records (log scale)")]
    for power in range(int(log10(axes.most)) + 1):
        y = axes.y(10**power)
        drawn.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        drawn.append(_text("lab", LEFT - 6, y + 4, words.grouped(10**power), "end"))
    return drawn


def _bars(buckets: Sequence[Bucket], axes: _Axes) -> list[str]:
    late = [words.grouped(b.count) for b in buckets[axes.near :] if b.count]
    upright = any(len(text) * 7 > axes.slot for text in late)
    drawn = []
    for place, bucket in enumerate(buckets):
        if not bucket.count:
            continue
        x, y, is_late = axes.x(place), axes.y(bucket.count), place >= axes.near
        css = ("late" if is_late else "bar") + (" wide" if is_wide(buckets, place) else "")
        drawn.append(_rect(css, x + 0.75, y, axes.slot - 1.5, HEIGHT - BOTTOM - y))
        if is_late:
            drawn.append(_late_count(x + axes.slot / 2, y, words.grouped(bucket.count), upright))
    drawn.append(f'<path class="axis" d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    return drawn


def _late_count(x: float, y: float, count: str, upright: bool) -> str:
    if not upright:
        return _text("num", x, max(y - 4, TOP + 11), count, "middle")
    y = max(y - 4, TOP + 7 * len(count))
    return f'<text class="num" transform="translate({x + 4:.1f} {y:.1f}) rotate(-90)">{escape(count)}</text>'


def is_wide(buckets: Sequence[Bucket], place: int) -> bool:
    """Return whether a bar is the last one and stands for a wider range than the others."""
    if place == 0 or place != len(buckets) - 1:
        return False
    span, usual = (_span(buckets[i]) for i in (place, place - 1))
    return usual > 0 and span > usual * Decimal("1.5")


def _span(bucket: Bucket) -> Decimal:
    return (words.decimal(bucket.high) or Decimal(0)) - (words.decimal(bucket.low) or Decimal(0))


def _edges(buckets: Sequence[Bucket], axes: _Axes, measure: Measure, limit: Decimal) -> list[str]:
    size, unit = _scale(limit) if measure.unit == "s" else (1, measure.unit)
    edges = [words.decimal(e) for e in [*(b.low for b in buckets), *(b.high for b in buckets[-1:])]]
    step = ceil(len(edges) / MAX_X_LABELS)
    wide = len(buckets) > 0 and is_wide(buckets, len(buckets) - 1)
    drawn = [
        _text(
            "lab",
            (LEFT + WIDTH - RIGHT) / 2,
            HEIGHT - 6,
            f"{harmless(measure.name, 20)} ({harmless(unit, 20)})",
            "middle",
        )
    ]
    for place, edge in enumerate(edges):
        last = wide and place == len(edges) - 1
        crowded = wide and 0 < len(edges) - 1 - place < 2
        if edge is not None and (last or ((place - axes.near) % step == 0 and not crowded)):
            at_end = axes.x(place) > WIDTH - RIGHT - 12
            x, anchor = (WIDTH - 1, "end") if at_end else (axes.x(place), "middle")
            drawn.append(_text("lab", x, HEIGHT - BOTTOM + 15, _short(edge / size), anchor))
    return drawn


def _scale(limit: Decimal) -> tuple[int, str]:
    return next((size, unit) for size, unit, least in _SCALES if limit >= least)


def _short(number: Decimal) -> str:
    return f"{number:,.1f}".removesuffix(".0")


def _limit(axes: _Axes, limit: str, over: int) -> list[str]:
    x = axes.x(axes.near)
    return [
        f'<path class="limit" d="M{x:.1f} {TOP - 14}V{HEIGHT - BOTTOM}"/>',
        _text("num", x - 5, TOP - 5, f"contract limit {harmless(limit, 20)}", "end"),
        _text("num", x + 5, TOP - 5, f"{words.grouped(over)} over"),
    ]


def coverage_bar(row: Coverage, *, name: str) -> str:
    """Return a bar that is solid as far as the evidence reaches and hatched where it is missing."""
    share = 1.0 if row.covered else 0.0
    if row.expected and row.observed is not None:
        share = min(row.observed / row.expected, 1.0)
    solid = round(BAR_WIDTH * share, 1)
    if not row.covered:
        solid = min(solid, BAR_WIDTH - HATCH * 2.0)  # a gap of one record in a million must still be seen
    gap = BAR_WIDTH - solid
    drawn = [_rect("bar", 0, 1, solid, BAR_HEIGHT)] if solid else []
    if gap:
        drawn += [_rect("gap", solid + 0.5, 1.5, gap - 1, BAR_HEIGHT - 1), _hatch(solid + 0.5, 1.5, gap - 1)]
    return _svg(name, (BAR_WIDTH, BAR_HEIGHT + 2), coverage_in_words(row), row.note, drawn, css="cov")


def coverage_in_words(row: Coverage) -> str:
    """Return what a bar shows, for readers who cannot see it."""
    return f"{harmless(row.subject, 60)}: {'covered' if row.covered else 'not fully covered'}"


def _hatch(x: float, y: float, width: float) -> str:
    height, path, start = BAR_HEIGHT - 1.0, "", -BAR_HEIGHT + 1.0
    while start < width:
        low, high = max(start, 0.0), min(start + height, width)
        path += f"M{x + low:.1f} {y + height - (low - start):.1f}L{x + high:.1f} {y + height - (high - start):.1f}"
        start += HATCH
    return f'<path class="hatch" d="{path}"/>'


def _svg(name: str, size: tuple[int, int], title: str, desc: str, drawn: Sequence[str], *, css: str) -> str:
    return (
        f'<svg class="{css}" role="img" viewBox="0 0 {size[0]} {size[1]}" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(harmless(title))}</title>'
        f'<desc id="{name}-d">{escape(harmless(desc) or harmless(title))}</desc>{"".join(drawn)}</svg>'
    )


def _rect(css: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(css: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(harmless(text, 60))}</text>'
