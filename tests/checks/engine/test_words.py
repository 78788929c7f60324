"""The light package: its own words, and what importing it must not cost."""

import subprocess
import sys

import pytest

from checks.engine import Answer, Judged, Suite, SuiteResult, versions


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("checks.engine", ("duckdb", "great_expectations", "sqlalchemy")),
        ("checks.engine.duck", ("great_expectations",)),
    ],
)
def test_importing_is_light(module, absent):
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in {absent!r}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_error_outranks_a_failure_and_a_failure_a_pass():
    def result(*answers: Answer) -> Answer:
        return SuiteResult(tuple(Judged("x", answer, "") for answer in answers)).outcome

    assert result(Answer.PASSED, Answer.FAILED, Answer.ERROR) is Answer.ERROR
    assert result(Answer.PASSED, Answer.FAILED) is Answer.FAILED
    assert result(Answer.PASSED) is Answer.PASSED
    assert result() is Answer.ERROR


def test_every_expectation_says_what_it_expects():
    suite = Suite(minimum_rows=3, expected_rows=7)
    assert [e.expected for e in suite.expectations] == [
        "no outcome is violation",
        "no outcome is unknown",
        "every outcome is one of excused, ok, open, unknown, violation",
        "no outcome is null",
        "no subject is null",
        "no record is null",
        "no two rows share subject and record",
        "at least 3 rows",
        "exactly 7 rows",
    ]


def test_the_engines_state_their_versions():
    assert set(versions()) == {"duckdb", "great_expectations", "sqlalchemy"}
    assert all(text[0].isdigit() for text in versions().values())
