"""A whole audit on a real Spark cluster, by the command line: the same findings, byte for byte, as on DuckDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.canonical import canonical_bytes
from evidence.keys import make_keys
from tests.cli.engagements import probity
from tests.examples.engagements import load_generator

#: Enough requests for every day and system of the finance firm.
REQUESTS = 600
SECONDS = 600


def audit(folder: Path, engine: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    path = folder / "audit.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("engine:")]
    path.write_text("\n".join([*lines, f"engine: {engine}", ""]))
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", "audit", str(folder), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env=os.environ | (env or {}),
    )


def member(bundle: str, name: str) -> bytes:
    with zipfile.ZipFile(bundle) as opened:
        (path,) = (n for n in opened.namelist() if n.endswith(f"data/{name}"))
        return opened.read(path)


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    folder: Path = load_generator("finance-firm").generate("late-trace", tmp_path / "firm", REQUESTS)
    make_keys(folder / "keys", "test", datetime.now(UTC))
    return folder


def result(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 1, ended.stderr  # the late trace is a breach
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.mark.spark
def test_an_audit_on_a_cluster_seals_the_same_findings_as_duckdb(firm: Path, cluster: str) -> None:
    here = result(audit(firm, "duckdb"))
    there = result(audit(firm, "{kind: spark, master: '${MASTER}', partitions: 2}", {"MASTER": cluster}))
    assert member(there["bundle"], "results/findings.json") == member(here["bundle"], "results/findings.json")
    assert canonical_bytes(there["findings"]) == canonical_bytes(here["findings"])
    method = json.loads(member(there["bundle"], "method/method.json"))
    assert method["engine"] == "spark"
    assert {"pyspark", "sqlglot", "great_expectations"} <= method["versions"].keys()
    assert probity("replay", there["bundle"], "--trust", firm / "keys" / "trust").code == 0
    stated = json.loads(member(there["bundle"], "method/audit.json"))["engine"]
    assert stated == {"kind": "spark", "master": "${MASTER}", "partitions": 2}


def test_an_audit_on_spark_without_java_is_bad_input_and_seals_nothing(firm: Path, tmp_path: Path) -> None:
    ended = audit(firm, "{kind: spark, master: 'local[1]'}", {"JAVA_HOME": str(tmp_path / "none")})
    assert ended.returncode == 2
    assert "install probity[spark] and Java 17 or 21" in ended.stderr
    assert not list(firm.rglob("*.zip"))
