"""Start and stop a standalone Spark master with workers on loopback, from the installed pip package.

    python -m infra.spark.cluster start FOLDER [--workers N] [--cores N] [--memory 1g]
    python -m infra.spark.cluster stop FOLDER

`start` prints the master's address, such as spark://127.0.0.1:41234, and keeps logs and process ids in FOLDER. `stop`
ends the processes named there and no others. Nothing here is authenticated: the ports are open to every user of this
machine, so it is for trying and testing; a cluster for real evidence is the platform's own (docs/spark.md).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from evidence.errors import ProbityError
from infra import settings
from infra.daemons import Daemon, end, launch, until
from infra.spark.java import java_problem

HOST = "127.0.0.1"
START_SECONDS = 90.0
STATE = "cluster.json"

_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_LISTENING = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = re.compile(r"Successfully registered with master")


@contextlib.contextmanager
def running(folder: Path, workers: int = 1, cores: int = 2, memory: str = "1g") -> Iterator[str]:
    """Start a cluster, give its master's address, and stop it at the end whatever happened in between."""
    address = start(folder, workers, cores, memory)
    try:
        yield address
    finally:
        stop(folder)


def start(folder: Path, workers: int = 1, cores: int = 2, memory: str = "1g") -> str:
    """Start a master and its workers and return the master's address once every worker is registered."""
    if (folder / STATE).exists():
        raise ProbityError(f"{folder / STATE} names a cluster; stop it first")
    problem = java_problem(settings.java())
    if problem:
        raise ProbityError(f"Spark cannot start: {problem}; install Java 17 or 21")
    folder.mkdir(parents=True, exist_ok=True)
    daemons: list[Daemon] = []
    try:
        master = _launch(folder, "master", [_MASTER, "--host", HOST, "--port", "0", "--webui-port", "0"])
        daemons.append(master)
        address = _wait_for(_LISTENING, master)
        for number in range(workers):
            place = ["--host", HOST, "--webui-port", "0", "--work-dir", str(folder / f"work-{number}")]
            size = ["--cores", str(cores), "--memory", memory]
            daemons.append(_launch(folder, f"worker-{number}", [_WORKER, *place, *size, address]))
        for worker in daemons[1:]:
            _wait_for(_REGISTERED, worker)
    except BaseException:
        end(daemons)
        raise
    state = {"address": address, "daemons": [[d.pid, d.started, d.log] for d in daemons]}
    (folder / STATE).write_text(json.dumps(state))
    return address


def stop(folder: Path) -> None:
    """End the processes of a cluster, workers first, and forget it; one that has already ended is no error."""
    try:
        state = json.loads((folder / STATE).read_bytes())
    except OSError as error:
        raise ProbityError(f"{folder / STATE} cannot be read: no cluster was started here") from error
    end([Daemon(int(pid), str(started), str(log)) for pid, started, log in state["daemons"]])
    (folder / STATE).unlink()


def _launch(folder: Path, name: str, arguments: list[str]) -> Daemon:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise ProbityError("pyspark is not installed; install probity[spark]")
    home = Path(found.origin).parent
    # `spark-class` becomes the Java process, so its id is the daemon's; its own session outlives a closed terminal.
    command = ["env", f"SPARK_HOME={home}", f"SPARK_LOCAL_IP={HOST}", str(home / "bin" / "spark-class"), *arguments]
    return launch(command, folder / f"{name}.log")


def _wait_for(pattern: re.Pattern[str], daemon: Daemon) -> str:
    found = until(lambda: pattern.search(daemon.said()) or not daemon.alive, START_SECONDS)
    if not isinstance(found, re.Match):
        raise ProbityError(f"Spark did not start within {START_SECONDS:.0f} s; see {daemon.log}")
    return str(found[found.re.groups])


def main(arguments: list[str]) -> int:
    """Run one command; 0 when it did what it says, 1 when not."""
    parser = argparse.ArgumentParser(description="A standalone Spark cluster on loopback, for trying and testing.")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", help="start a master and workers, print the master's address")
    starting.add_argument("folder", type=Path)
    starting.add_argument("--workers", type=int, default=1)
    starting.add_argument("--cores", type=int, default=2)
    starting.add_argument("--memory", default="1g")
    stopping = commands.add_parser("stop", help="end the processes that `start` noted in the folder")
    stopping.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "start":
            sys.stdout.write(start(asked.folder.absolute(), asked.workers, asked.cores, asked.memory) + "\n")
        else:
            stop(asked.folder.absolute())
    except ProbityError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
