"""`probity breach deadlines`: one rule, its anchors, and an answer other programs can read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checks.clocks.rule import ANCHORS, CIRCUMSTANCES, ENTITIES, rules
from flows.cli.breach import command

PAGE = Path(__file__).parents[2] / "docs" / "clocks.md"


def run(*words: str) -> Result:
    return CliRunner().invoke(command, ["deadlines", *words])


def test_json_says_when_why_and_on_what_it_rests() -> None:
    words = ("--rule", "gdpr-33", "--anchor", "aware=2026-10-23T18:30:00+02:00", "--tz", "Europe/Brussels")
    answer = run(*words, "--format", "json")
    said = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert {"rule", "version", "due_utc", "due_local", "status", "basis", "outer_utc", "assumptions"} <= set(said)
    assert (said["rule"], said["due_utc"], said["due_local"]) == (
        "gdpr-33",
        "2026-10-26T16:30:00Z",
        "2026-10-26T17:30:00+01:00",
    )
    assert said["outer_utc"] == "2026-10-26T17:00:00Z"


def test_several_anchors_an_entity_and_a_country_decide_together() -> None:
    anchors = ("--anchor", "aware=2026-11-27T08:00:00Z", "--anchor", "classified=2026-11-28T07:00:00Z")
    eligible = run("--rule", "dora-initial", *anchors, "--entity", "insurance-intermediary", "--country", "BE")
    bank = run("--rule", "dora-initial", *anchors, "--entity", "credit-institution", "--country", "BE")
    assert "due Mon 2026-11-30 12:00:00 CET" in eligible.stdout
    assert "due Sat 2026-11-28 09:00:00 CET" in bank.stdout


def test_a_missing_anchor_is_shown_as_missing_and_exits_3() -> None:
    answer = run("--rule", "dora-final", "--format", "json")
    said = json.loads(answer.stdout)
    assert (answer.exit_code, said["status"], said["due_utc"]) == (3, "anchor_missing", None)


@pytest.mark.parametrize(
    "words",
    [
        ("--rule", "gdpr-33", "--anchor", "aware=2026-10-23T18:30:00"),
        ("--rule", "gdpr-33", "--anchor", "aware=2027-03-28T02:30:00[Europe/Brussels]"),
        ("--rule", "gdpr-33", "--anchor", "aware=2026-10-23T18:30:00Z", "--anchor", "aware=2026-10-24T18:30:00Z"),
        ("--rule", "gdpr-99"),
        ("--rule", "contract-notice", "--anchor", "aware=2026-10-23T18:30:00Z"),
        ("--rule", "contract-notice", "--anchor", "aware=2026-10-23T18:30:00Z", "--within", "24"),
        ("--rule", "dora-initial", "--anchor", "aware=2026-10-23T18:30:00Z", "--entity", "bank"),
        ("--rule", "gdpr-33", "--anchor", "aware=2026-10-23T18:30:00Z", "--tz", "CEST+2"),
    ],
)
def test_what_cannot_be_computed_is_invalid_usage(words: tuple[str, ...]) -> None:
    answer = run(*words)
    code = getattr(answer.exception, "exit_code", None) or answer.exit_code
    assert (code, answer.stdout) == (2, "")


def test_the_page_lists_every_rule_anchor_entity_and_circumstance() -> None:
    page = PAGE.read_text().replace("```", "")
    for listed in (rules(), ANCHORS, ENTITIES, CIRCUMSTANCES):
        assert set(listed) <= set(re.findall(r"`([a-z0-9_.-]+)`", page))
