"""The engine of an audit: chosen in audit.yaml, loaded only when chosen, refused where it cannot start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import BadInput
from flows.audit_file import load_audit_file
from flows.engines import DuckDb, Spark, require
from infra.spark.java import java_problem

FILE = """\
probity: audit/v1
sources:
  - {kind: files, path: evidence}
signer: {kind: local, keys: keys/private}
store: {kind: folder, path: bundles}
"""


def load(tmp_path: Path, engine: str) -> tuple[DuckDb | Spark, dict[str, object]]:
    path = tmp_path / "audit.yaml"
    path.write_text(FILE + engine)
    loaded, published = load_audit_file(path, {"SPARK_MASTER": "spark://cluster:7077"}.get)
    return loaded.engine, published


def java(tmp_path: Path, says: str) -> str:
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    program.chmod(0o755)
    return str(program)


def test_duckdb_judges_where_nothing_is_chosen(tmp_path: Path) -> None:
    assert load(tmp_path, "")[0] == DuckDb(kind="duckdb")


@pytest.mark.parametrize("engine", ["duckdb", "{kind: duckdb}"])
def test_duckdb_is_chosen_by_its_name(tmp_path: Path, engine: str) -> None:
    assert load(tmp_path, f"engine: {engine}")[0] == DuckDb(kind="duckdb")


@pytest.mark.parametrize("master", ["local[2]", "local[*]", "spark://10.0.0.1:7077", "spark://a:7077,b:7077"])
def test_spark_is_chosen_with_its_master(tmp_path: Path, master: str) -> None:
    assert load(tmp_path, f"engine: {{kind: spark, master: '{master}'}}")[0] == Spark(kind="spark", master=master)


@pytest.mark.parametrize(
    "engine", ["polars", "spark", "{kind: spark}", "{kind: spark, master: yarn}", "{kind: polars}"]
)
def test_an_engine_that_is_none_is_refused_at_its_line(tmp_path: Path, engine: str) -> None:
    with pytest.raises(BadInput, match=r"audit\.yaml:6"):
        load(tmp_path, f"engine: {engine}")


def test_what_is_published_names_no_machine_of_the_cluster(tmp_path: Path) -> None:
    named = load(tmp_path, "engine: {kind: spark, master: 'spark://cluster:7077', host: 10.1.2.3, partitions: 4}")[1]
    assert named["engine"] == {"kind": "spark", "master": "spark://", "partitions": 4}
    assert load(tmp_path, "engine: {kind: spark, master: '${SPARK_MASTER}'}")[1]["engine"] == {
        "kind": "spark",
        "master": "${SPARK_MASTER}",
    }


def test_spark_without_java_says_what_to_install() -> None:
    with pytest.raises(BadInput, match=r"audit\.yaml.*no Java[\s\S]*Java 17 or 21.*engine: duckdb"):
        require(Spark(kind="spark", master="local[2]"), None, "audit.yaml")


def test_duckdb_needs_no_java() -> None:
    require(DuckDb(kind="duckdb"), None, "audit.yaml")


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ('openjdk version "17.0.15" 2025-04-15', None),
        ('openjdk version "21.0.2"', None),
        ('java version "1.8.0_392"', "is Java 8"),
        ('openjdk version "11.0.2"', "is Java 11"),
        ("what?", "does not say its version"),
    ],
)
def test_java_is_judged_by_the_version_it_states(tmp_path: Path, says: str, problem: str | None) -> None:
    found = java_problem(java(tmp_path, says))
    assert found is None if problem is None else problem in str(found)


def test_a_java_that_is_not_there_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    assert "does not run" in str(java_problem(str(tmp_path / "absent")))


def test_an_audit_on_duckdb_loads_nothing_of_spark() -> None:
    code = "import sys, flows.pipeline, flows.wiring, flows.engines; print([m for m in sys.modules if 'spark' in m])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
