"""What is audited, and when it is judged: every way of saying so, and every way of saying it wrong."""

from __future__ import annotations

import json

import pytest

from tests.cli.engagements import bundles, edit, kept, probity, trail

JUNE = ("2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z")

REFUSED = {
    "a start without a zone": ["--from", "2025-06-01T00:00:00", "--to", JUNE[1]],
    "an end without a zone": ["--from", JUNE[0], "--to", "2025-07-01T00:00:00"],
    "a date instead of an instant": ["--from", "2025-06-01", "--to", "2025-07-01"],
    "an end before the start": ["--from", JUNE[1], "--to", JUNE[0]],
    "an empty period": ["--from", JUNE[0], "--to", JUNE[0]],
    "a start alone": ["--from", JUNE[0]],
    "an end alone": ["--to", JUNE[1]],
    "both forms": ["--period", "2025-06", "--from", JUNE[0], "--to", JUNE[1]],
    "an empty start": ["--from", "", "--to", JUNE[1]],
    "a month that does not exist": ["--period", "2025-13"],
    "a quarter that does not exist": ["--period", "2025-Q5"],
    "a word": ["--period", "last month"],
    "a year before the calendar": ["--period", "0000"],
    "a year after the calendar": ["--period", "9999"],
    "nothing where a period should be": ["--period", ""],
    "half a month": ["--period", "2025-"],
    "one digit": ["--period", "2025-6"],
    "white space": ["--period", " 2025-06"],
    "digits of another script": ["--period", "2025-٠٦"],
    "an instant of judgement without a zone": ["--as-of", "2025-07-05T00:00:00"],
    "a day of judgement": ["--as-of", "2025-07-05"],
    "an instant that is a word": ["--as-of", "tomorrow"],
    "no instant at all": ["--as-of", ""],
    "an instant before the calendar": ["--as-of", "0001-01-01T00:00:00+14:00"],
    "an instant after the calendar": ["--as-of", "9999-12-31T23:59:59-14:00"],
    "a start before the calendar": ["--from", "0001-01-01T00:00:00+14:00", "--to", JUNE[1]],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return trail(tmp_path_factory.mktemp("period") / "e")


def asked(folder, *words):
    """Return period and instant of judgement of an audit with these options."""
    document = json.loads(probity("audit", folder, "--format", "json", *words).out)
    return document["period"]["from"], document["period"]["to"], document["as_of"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_period_or_instant_is_refused_by_name(folder, name):
    outcome = probity("audit", folder, *REFUSED[name])
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error[C014] --")
    assert outcome.err.split()[1] in {"--period:", "--from:", "--to:", "--as-of:"}
    assert outcome.err.count("error") == 1


def test_a_refused_period_gathers_nothing_and_seals_nothing(tmp_path):
    engagement = trail(tmp_path / "e")
    probity("audit", engagement, "--period", "2025-13")
    assert (kept(engagement), bundles(engagement)) == (set(), [])


def test_without_options_the_audit_file_decides(folder):
    assert asked(folder) == (*JUNE, "2025-07-05T00:00:00Z")


def test_options_beat_the_audit_file(folder):
    words = ("--period", "2025-Q2", "--as-of", "2025-08-01T02:00:00+02:00")
    assert asked(folder, *words) == ("2025-04-01T00:00:00Z", "2025-07-01T00:00:00Z", "2025-08-01T00:00:00Z")


def test_instants_with_an_offset_mean_the_same_instants(folder):
    words = ("--from", "2025-06-01T02:00:00+02:00", "--to", "2025-06-30T19:00:00-05:00")
    assert asked(folder, *words)[:2] == JUNE


def test_without_any_period_the_last_whole_month_in_utc_is_audited(tmp_path):
    engagement = trail(tmp_path / "e")
    edit(engagement / "audit.yaml", "period: 2025-06\n", "")
    at_night_east_of_greenwich = "2025-07-01T00:30:00+02:00"
    assert asked(engagement, "--as-of", at_night_east_of_greenwich)[:2] == ("2025-05-01T00:00:00Z", JUNE[0])


def test_a_period_that_is_not_over_cannot_be_kept(folder):
    outcome = probity("audit", folder, "--as-of", "2025-06-30T23:59:59Z", "--format", "json")
    assert outcome.code == 3
    assert "not_yet_due" in json.loads(outcome.out)["findings"][0]["reasons"]


def test_the_period_of_the_audit_file_is_checked_at_its_place(tmp_path):
    engagement = trail(tmp_path / "e")
    edit(engagement / "audit.yaml", "period: 2025-06", "period: 2025-13")
    outcome = probity("audit", engagement)
    assert outcome.code == 2
    assert "audit.yaml:7:9" in outcome.err


def test_an_instant_of_judgement_without_a_zone_is_refused_in_the_audit_file(tmp_path):
    engagement = trail(tmp_path / "e")
    edit(engagement / "audit.yaml", "as_of: 2025-07-05T00:00:00Z", "as_of: 2025-07-05T00:00:00")
    outcome = probity("audit", engagement)
    assert outcome.code == 2
    assert "audit.yaml:8:8: an instant needs a UTC offset" in outcome.err


def test_an_instant_outside_the_calendar_is_refused_in_the_audit_file(tmp_path):
    engagement = trail(tmp_path / "e")
    edit(engagement / "audit.yaml", "as_of: 2025-07-05T00:00:00Z", "as_of: 0001-01-01T00:00:00+14:00")
    assert probity("audit", engagement).code == 2
