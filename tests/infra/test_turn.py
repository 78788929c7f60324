"""Audits of one engagement take turns, and nobody keeps a turn beyond death."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.turn import is_taken, turn

HOLD = """
import sys
from pathlib import Path
from infra.turn import turn
with turn(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time_has_the_turn_and_a_process_that_is_killed_loses_it(tmp_path: Path) -> None:
    assert not is_taken(tmp_path)
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert is_taken(tmp_path)
        finally:
            holder.kill()
    assert not is_taken(tmp_path)
    with turn(tmp_path):
        assert is_taken(tmp_path)


def test_who_waits_has_the_turn_only_after_it_was_given_back(tmp_path: Path) -> None:
    with turn(tmp_path):
        waiting = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert waiting.poll() is None
    out, _ = waiting.communicate(timeout=60)
    assert (out, waiting.returncode) == (b"held\n", 0)


def test_who_has_the_turn_has_it_at_once_and_until_the_outer_one_ends(tmp_path: Path) -> None:
    with turn(tmp_path) as waited:
        with turn(tmp_path, lambda: pytest.fail("waits for itself")) as again:
            assert (waited, again) == (False, False)
        assert is_taken(tmp_path)
    assert not is_taken(tmp_path)
