"""The drawings say the same as the numbers, and to readers who cannot see them as well."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from evidence.model import Bucket, Coverage, Measure
from flows.report import charts
from tests.flows.report.subjects import NEAR, bars

AGE = Measure(name="age", unit="s", limit="86400", worst="124560")


def draw(buckets, measure=AGE, over=0):
    svg = charts.histogram(buckets, measure, name="c", title="A heading", over=over)
    return ElementTree.fromstring(svg)


def of_class(svg, name):
    return [e for e in svg.iter() if name in e.get("class", "").split()]


def test_a_bar_is_drawn_for_every_bucket_that_holds_something() -> None:
    svg = draw(bars((*NEAR, 21, 0, 4)), over=25)
    assert len(of_class(svg, "bar")) == len(NEAR)
    assert len(of_class(svg, "late")) == 2


def test_the_counts_over_the_late_bars_add_up_to_what_is_over() -> None:
    svg = draw(bars((*NEAR, 21, 9, 4, 2, 0, 1)), over=37)
    texts = [e.text for e in of_class(svg, "num")]
    assert texts[:2] != []
    assert "contract limit 24 h" in texts
    assert "37 over" in texts
    assert sum(int(t) for t in texts if t and t.isdigit()) == 37


def test_a_single_late_record_is_visible_beside_a_million() -> None:
    svg = draw(bars((1_000_000,) * 12 + (1,)), over=1)
    assert float(of_class(svg, "late")[0].get("height")) > 5


def test_the_far_side_of_the_limit_is_shown_even_when_it_is_empty() -> None:
    svg = draw(bars(NEAR))
    (far,) = of_class(svg, "far")
    limit = float(re.match(r"M([0-9.]+) ", of_class(svg, "limit")[0].get("d"))[1])
    assert float(far.get("x")) == pytest.approx(limit, abs=0.1)
    assert float(far.get("width")) > 50
    assert not of_class(svg, "late")


def test_bars_touching_the_limit_are_not_late() -> None:
    assert not of_class(draw([Bucket(low="86400", high="86400", count=5)]), "late")
    assert of_class(draw([Bucket(low="86400", high="86401", count=5)], over=5), "late")


def test_a_last_bar_of_another_width_is_marked_and_its_end_labelled() -> None:
    svg = draw([*bars((*NEAR, 3)), Bucket(low="93600", high="400000", count=1)], over=4)
    assert [e.get("class") for e in of_class(svg, "wide")] == ["late wide"]
    assert "111.1" in [e.text for e in of_class(svg, "lab")]


@pytest.mark.parametrize(("limit", "unit"), [("86400", "h"), ("2592000", "d"), ("600", "min"), ("5", "s")])
def test_the_axis_is_in_a_unit_people_read(limit, unit) -> None:
    step = int(limit)
    svg = draw(bars((1,), step), Measure(name="age", unit="s", limit=limit))
    assert f"age ({unit})" in [e.text for e in of_class(svg, "lab")]


def test_nothing_is_drawn_outside_the_picture() -> None:
    svg = draw(bars((*NEAR, *[999_999] * 12)), over=12 * 999_999)
    for rect in svg.iter("rect"):
        assert 0 <= float(rect.get("x")) <= charts.WIDTH
        assert float(rect.get("x")) + float(rect.get("width")) <= charts.WIDTH
        assert 0 <= float(rect.get("y")) <= charts.HEIGHT


@pytest.mark.parametrize(
    ("row", "solid", "hatched"),
    [
        (Coverage(subject="a", covered=True), True, False),
        (Coverage(subject="a", covered=True, expected=5, observed=5), True, False),
        (Coverage(subject="a", covered=False), False, True),
        (Coverage(subject="a", covered=False, expected=9, observed=4), True, True),
        (Coverage(subject="a", covered=False, expected=1_000_000, observed=999_999), True, True),
        (Coverage(subject="a", covered=False, expected=5, observed=9, note="4 more"), True, True),
        (Coverage(subject="a", covered=False, expected=5, observed=0), False, True),
    ],
)
def test_every_gap_in_coverage_can_be_seen(row, solid, hatched) -> None:
    svg = ElementTree.fromstring(charts.coverage_bar(row, name="c"))
    assert bool(of_class(svg, "bar")) is solid
    assert bool(of_class(svg, "hatch")) is hatched


def test_every_drawing_has_a_title_and_a_description() -> None:
    for text in (
        charts.histogram(bars(NEAR), AGE, name="h", title="T", over=0),
        charts.coverage_bar(Coverage(subject="<b>", covered=True), name="c"),
    ):
        svg = ElementTree.fromstring(text)
        ids = svg.get("aria-labelledby", "").split()
        assert [svg.find(t).get("id") for t in ("title", "desc")] == ids
        assert all(svg.find(t).text for t in ("title", "desc"))
