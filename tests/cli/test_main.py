"""How every outcome of a verb becomes an exit code and a message."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from evidence.errors import BadInput, DigestMismatch, Place, Problem, Terminal
from flows.cli import group, verbs
from infra import settings
from tests.cli.commands import runner


@pytest.fixture
def probity(capsys):
    return runner(capsys)


@pytest.fixture
def outcome_of(probity, monkeypatch):
    """Return what `probity` does when its verb does `act`."""

    def run(act):
        monkeypatch.setattr(type(group), "list_commands", lambda *_: ["act"])
        monkeypatch.setattr(type(group), "get_command", lambda *_: click.Command("act", callback=act))
        return probity("act")

    return run


def raising(error: BaseException):
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), (3, 3)])
def test_a_verb_decides_its_exit_code(outcome_of, returned, code):
    assert outcome_of(lambda: returned).code == code


def test_a_verb_may_leave_through_its_context(outcome_of):
    assert outcome_of(lambda: click.get_current_context().exit(3)).code == 3


def test_bad_input_prints_every_problem_and_exits_2(outcome_of):
    problems = [Problem(f"C00{n}", f"mistake {n}", Place("f.yaml", n, 1)) for n in (1, 2)]
    outcome = outcome_of(raising(BadInput(*problems)))
    assert (outcome.code, outcome.out) == (2, "")
    assert "error[C001] f.yaml:1:1: mistake 1" in outcome.err
    assert "error[C002] f.yaml:2:1: mistake 2" in outcome.err


@pytest.mark.parametrize(("error", "code"), [(DigestMismatch("DIGEST_MISMATCH", "x"), 4), (Terminal("gone"), 3)])
def test_an_error_of_our_tree_has_its_own_exit_code(outcome_of, error, code):
    assert outcome_of(raising(error)).code == code


def test_an_interruption_exits_5_and_says_what_is_kept(outcome_of):
    outcome = outcome_of(raising(KeyboardInterrupt()))
    assert outcome.code == 5
    assert "interrupted; what was gathered is kept" in outcome.err


def test_an_unexpected_error_is_one_line_without_a_traceback(outcome_of, monkeypatch):
    monkeypatch.delenv("PROBITY_DEBUG", raising=False)
    outcome = outcome_of(raising(RuntimeError("first\nsecond")))
    assert outcome.code == 5
    assert outcome.err == "internal error: RuntimeError: first\nset PROBITY_DEBUG=1 for the traceback\n"


def test_the_traceback_is_shown_when_asked_for(outcome_of, monkeypatch):
    monkeypatch.setenv("PROBITY_DEBUG", "1")
    assert "Traceback" in outcome_of(raising(RuntimeError("x"))).err


def test_no_secret_reaches_the_terminal(outcome_of, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    monkeypatch.setenv("PROBITY_DEBUG", "1")
    message = "GET https://me:hunter2@proxy.example/ signed with wJalrXUtnFEMI"
    err = outcome_of(raising(RuntimeError(message))).err
    assert "wJalrXUtnFEMI" not in err
    assert "hunter2@" not in err


def test_a_missing_extra_is_named(outcome_of):
    outcome = outcome_of(raising(ModuleNotFoundError("No module named 'duckdb'", name="duckdb")))
    assert outcome.code == 2
    assert "probity[run]" in outcome.err


def test_a_missing_module_of_our_own_is_our_failure(outcome_of):
    error = ModuleNotFoundError("No module named 'checks.lost'", name="checks.lost")
    assert outcome_of(raising(error)).code == 5


@pytest.mark.parametrize(
    "words", [["nothing"], ["lint"], ["lint", "--format", "xml", "x"], ["--nope"], ["lint", "a", "b"]]
)
def test_wrong_usage_exits_2_on_stderr_only(probity, words):
    outcome = probity(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert "error: " in outcome.err


def test_a_mistyped_verb_is_suggested(probity):
    assert "did you mean 'lint'?" in probity("lintt").err


def test_help_lists_every_installed_verb_and_the_exit_codes(probity):
    outcome = probity("--help")
    assert outcome.code == 0
    assert all(f"  {name} " in outcome.out for name in ("init", "lint", "explain", "schema"))
    assert "Exit codes" in outcome.out


def test_a_verb_without_its_module_is_not_offered(probity, monkeypatch):
    monkeypatch.setitem(verbs.VERBS, "vanish", verbs.Verb("flows.cli.vanish", "Gone."))
    assert "vanish" not in probity("--help").out
    assert probity("vanish").code == 2


@pytest.mark.parametrize("name", sorted(verbs.VERBS))
def test_every_offered_verb_is_a_command_with_help(probity, name):
    if name in group.list_commands(click.Context(group)):
        outcome = probity(name, "--help")
        assert outcome.code == 0
        assert outcome.out.startswith(f"Usage: probity {name} ")


def test_telemetry_is_off_even_when_the_environment_wants_it(probity, monkeypatch):
    for name in settings.SILENT:
        monkeypatch.setenv(name, "true")
    probity("--version")
    assert {name: os.environ[name] for name in settings.SILENT} == settings.SILENT


def test_output_that_nobody_reads_is_never_mistaken_for_a_breach():
    code = "import sys; from flows.cli import main; sys.exit(main(['schema']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert b"Traceback" not in err
