"""What the command line must not load before a verb needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"prefect", "great_expectations", "duckdb", "pyarrow", "boto3", "sqlalchemy", "pandas"}


def imported_by(*words: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "flows.cli", *words]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    lines = [line for line in finished.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_help_loads_no_engine_no_model_and_no_verb():
    modules = imported_by("--help")
    assert "flows.cli.verbs" in modules
    assert not modules & (HEAVY | {"pydantic", "ruamel.yaml", "checks"})
    assert not {m for m in modules if m.startswith("flows.cli.")} - {"flows.cli.verbs"}


@pytest.mark.parametrize("words", [["explain", "data-residency"], ["schema"]])
def test_reading_contracts_loads_no_engine(words: list[str]):
    assert not imported_by(*words) & HEAVY
