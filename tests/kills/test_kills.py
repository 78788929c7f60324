"""A small part of `make kills`: the moments between which something lasting happens, and a few random instants."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.kills.campaign import ROOT

pytestmark = pytest.mark.server


def test_killed_sealings_lose_no_leaf_show_no_half_bundle_and_are_finished() -> None:
    command = [sys.executable, "-m", "tests.kills.campaign", "--every-moment", "--only", "4", "--random", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] >= 13
    assert found["complete"] >= 9


def test_killed_gatherings_end_as_if_nobody_had_disturbed_them() -> None:
    command = [sys.executable, "-m", "tests.kills.gathering", "--random", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] == 2
    assert found["rows"] > 50
