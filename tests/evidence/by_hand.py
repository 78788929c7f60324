"""Runs the shell block of docs/verify-by-hand.md, as a stranger would."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "verify-by-hand.md"
CHECKS = 17
CHECKS_OF_FIRST_FORM = 10


@cache
def script() -> str:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return block


def run(bundle: Path, trust: Path, text: str | None = None, at: str = "now") -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", text or script(), "verify-by-hand.sh", str(bundle), str(trust), at]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
