"""Whether a Java is there that Spark 4.1 runs on (its own requirement: 17 or 21)."""

from __future__ import annotations

import re
import subprocess

VERSIONS = (17, 21)
ANSWER_SECONDS = 30.0

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def java_problem(program: str | None) -> str | None:
    """Return why this Java will not do, or None when it will."""
    if program is None:
        return "there is no Java; neither JAVA_HOME nor the PATH leads to one"
    try:
        told = subprocess.run(
            [program, "-version"], capture_output=True, text=True, errors="replace", timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program} does not run: {type(error).__name__}"
    stated = _VERSION.search(told.stderr + told.stdout)
    if stated is None:
        return f"{program} does not say its version"
    if int(stated[1]) not in VERSIONS:
        return f"{program} is Java {stated[1]}, and Spark runs on {' or '.join(map(str, VERSIONS))}"
    return None
