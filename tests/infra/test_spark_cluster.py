"""The cluster on loopback: starts, says where it is, and ends what it started and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import ProbityError
from infra.daemons import Daemon
from infra.spark import cluster

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.spark.cluster", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.spark
def test_an_operator_starts_a_cluster_and_stops_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    started = command("start", str(folder), "--cores", "1", "--memory", "512m")
    try:
        assert started.stdout.startswith("spark://127.0.0.1:"), started.stderr
        daemons = [Daemon(*d) for d in json.loads((folder / cluster.STATE).read_bytes())["daemons"]]
        assert [d.alive for d in daemons] == [True, True]
        again = command("start", str(folder))
        assert (again.returncode, "stop it first" in again.stderr) == (1, True)
    finally:
        stopped = command("stop", str(folder))
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert [d.alive for d in daemons] == [False, False]
    assert not (folder / cluster.STATE).exists()


def test_stopping_ends_no_process_that_only_has_the_number_of_one_of_ours(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEPER) as other:
        try:
            state = {"address": "spark://127.0.0.1:1", "daemons": [[other.pid, "an earlier time", "master.log"]]}
            (tmp_path / cluster.STATE).write_text(json.dumps(state))
            cluster.stop(tmp_path)
            assert other.poll() is None
        finally:
            other.kill()


def test_stopping_where_nothing_was_started_is_an_error(tmp_path: Path) -> None:
    stopped = command("stop", str(tmp_path))
    assert (stopped.returncode, "no cluster was started here" in stopped.stderr) == (1, True)


def test_a_cluster_without_java_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    with pytest.raises(ProbityError, match="install Java 17 or 21"), cluster.running(tmp_path / "cluster"):
        pass
    assert not (tmp_path / "cluster").exists()
