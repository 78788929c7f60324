"""Where the bars of a distribution begin and end."""

from itertools import pairwise

import pytest

from checks.engine.bars import bar_edges

DAY = 86_400_000_000

CASES = [
    (0, DAY, DAY),
    (0, DAY + 1, DAY),
    (5, 5, DAY),
    (0, 90 * DAY, DAY),
    (DAY, 2 * DAY, DAY),
    (0, 0, 0),
    (0, 5, 0),
    (-7, 3, 0),
    (-7, 30, -5),
    (4, 9, -5),
    (0, 9, 3),
    (-DAY, DAY, 1),
    (3, 4, 7),
]


@pytest.mark.parametrize(("least", "most", "limit"), CASES)
def test_bars_are_adjacent_and_cover_every_measure(least, most, limit):
    bars = bar_edges(least, most, limit, 12)
    assert all(left[1] == right[0] for left, right in pairwise(bars))
    assert bars[0][0] <= least
    assert bars[-1][1] >= most


@pytest.mark.parametrize(("least", "most", "limit"), CASES)
def test_no_bar_holds_both_sides_of_the_limit(least, most, limit):
    assert not [bar for bar in bar_edges(least, most, limit, 12) if bar[0] < limit < bar[1]]
    assert limit in {edge for bar in bar_edges(least, most, limit, 12) for edge in bar}


@pytest.mark.parametrize(("least", "most", "limit"), CASES)
def test_there_are_at_most_as_many_bars_on_each_side_as_asked(least, most, limit):
    bars = bar_edges(least, most, limit, 12)
    assert len([bar for bar in bars if bar[1] <= limit]) <= 12
    assert len([bar for bar in bars if bar[0] >= limit and bar[1] > limit]) <= 12


def test_a_day_has_bars_of_two_hours_and_the_last_reaches_the_largest_measure():
    bars = bar_edges(0, 90 * DAY, DAY, 12)
    assert bars[0] == (0, DAY // 12)
    assert bars[11] == (DAY * 11 // 12, DAY)
    assert bars[12] == (DAY, DAY * 13 // 12)
    assert bars[-1] == (DAY * 23 // 12, 90 * DAY)
    assert len(bars) == 24


def test_a_limit_of_zero_stands_alone_so_that_kept_and_broken_never_share_a_bar():
    assert bar_edges(0, 5, 0, 12)[:2] == [(0, 0), (0, 1)]
