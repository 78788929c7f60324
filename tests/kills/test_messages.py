"""A small part of the kill campaign of messages: what was put arrives, once for who drops doubles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kills.campaign import ROOT

pytestmark = pytest.mark.server


def test_messages_survive_the_death_of_who_puts_who_delivers_and_who_receives(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.kills.messages", "--kills", "5"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(found["killed"].values()) == 5
    assert found["put"] >= found["held back"] > 0
