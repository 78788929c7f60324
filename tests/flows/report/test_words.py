"""Numbers, durations, instants and periods read one way, and text of others does no harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from evidence.model import Assurance, Measure, Period, Population, Reason, Status
from flows.report import words
from flows.report.harmless import LONGEST, harmless


def test_every_status_reason_and_assurance_has_its_words() -> None:
    assert set(words.STATUS) == set(words.MEANING) == set(Status)
    assert set(words.REASONS) == set(Reason)
    assert set(words.ASSURANCE) == set(Assurance)


def test_no_two_statuses_share_a_glyph_or_a_word() -> None:
    assert len({glyph for glyph, _ in words.STATUS.values()}) == len({word for _, word in words.STATUS.values()}) == 5


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("86401", "24:00:01"),
        ("86400.000001", "24:00:00.000001"),
        ("0", "0:00:00"),
        ("-61", "-0:01:01"),
        ("344096.25", "95:34:56.25"),
    ],
)
def test_a_clock_hides_no_fraction(seconds, expected) -> None:
    assert words.clock(Decimal(seconds)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("86400", "24 h"),
        ("259200", "72 h"),
        ("2592000", "30 d"),
        ("5400", "90 min"),
        ("1", "1 s"),
        ("0.000001", "0.000001 s"),
        ("86401", "24:00:01"),
    ],
)
def test_a_limit_is_given_in_the_largest_whole_unit(seconds, expected) -> None:
    assert words.limit_text(Measure(name="age", unit="s", limit=seconds)) == expected


@pytest.mark.parametrize("text", ["", "soon", "NaN", "Infinity", "1E+999999", "1E-999999", None])
def test_what_is_no_number_is_not_made_one(text) -> None:
    assert words.decimal(text) is None
    assert words.value_text(text, "s") == (text or "")


@pytest.mark.parametrize(
    ("worst", "unit", "expected"),
    [("86401", "s", "1 s"), ("124560", "s", "10.6 h"), ("86400", "s", ""), ("90000", "ms", "3,600 ms")],
)
def test_the_excess_is_exact_while_it_is_short(worst, unit, expected) -> None:
    assert words.excess_text(Measure(name="age", unit=unit, limit="86400", worst=worst)) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((2025, 6, 1), (2025, 7, 1), "June 2025"),
        ((2025, 12, 1), (2026, 1, 1), "December 2025"),
        ((2025, 1, 1), (2026, 1, 1), "2025"),
        ((2025, 4, 1), (2025, 7, 1), "1 April to 30 June 2025"),
        ((2025, 6, 1), (2025, 6, 16), "1 to 15 June 2025"),
        ((2025, 6, 5), (2025, 6, 6), "5 June 2025"),
        ((2025, 11, 1), (2026, 2, 1), "1 November 2025 to 31 January 2026"),
    ],
)
def test_a_period_reads_as_people_say_it(start, end, expected) -> None:
    period = Period.of(datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))
    assert words.period_text(period) == expected


def test_a_period_that_cuts_a_day_is_given_by_its_instants() -> None:
    start = datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert words.period_text(Period.of(start, start + timedelta(hours=1))) == (
        "2025-06-01 12:00:00 UTC to 2025-06-01 13:00:00 UTC"
    )


def test_instants_are_utc() -> None:
    assert words.utc(datetime(2025, 7, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-06-30 23:00:00 UTC"


def test_outcomes_always_name_kept_and_broken() -> None:
    assert words.outcomes_text(Population(ok=1200)) == "1,200 ok, 0 violations"
    assert words.outcomes_text(Population(ok=1, violation=1, unknown=2, excused=3)) == (
        "1 ok, 1 violation, 2 unknown, 3 excused"
    )
    assert words.outcomes_text(Population()) == "Nothing to test"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\u202egnp.exe", "a\ufffdgnp.exe"),
        ("a\u200bb\u2066c", "a\ufffdb\ufffdc"),
        ("\x1b[31mred\x00", "\ufffd[31mred\ufffd"),
        ("two\r\nlines\u2028and\tmore", "two lines and more"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("soft\u00adhyphen", "softhyphen"),
        ("z" + "\u0301" * 40, "z\u0301\u0301"),
        ("Zürich – 東京", "Zürich – 東京"),
    ],
)
def test_hidden_and_reordering_characters_are_made_visible(given, shown) -> None:
    assert harmless(given) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert len(harmless("x" * 10_000)) == LONGEST
    assert harmless("x" * 10_000).endswith("…")
