"""Start and stop PostgreSQL, a Prefect server on it and a worker on loopback, as plain processes.

    python -m infra.prefect.servers start FOLDER [--pool probity]
    python -m infra.prefect.servers stop FOLDER

`start` prints the address for `PREFECT_API_URL`. FOLDER keeps the database, so that a second start goes on with it at
the same address; logs, process ids and Prefect's own files lie there as well. `stop` ends the processes noted there and
no others. The server asks for no password: every user of this machine can reach it (docs/operate.md).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from evidence.errors import ProbityError
from infra import settings
from infra.daemons import Daemon, end, launch, until
from infra.prefect.postgres import FAST, HOST, Postgres

STATE = "servers.json"
PORTS = "ports.json"
POOL = "probity"
#: Most runs at a time: each takes a quarter of a gibibyte, and those that wait for their turn count as well.
MOST_RUNS = 5
#: The first start makes the tables, which takes a slow machine two minutes.
START_SECONDS = 240.0


@dataclass(slots=True)
class Servers:
    """The three processes of one folder; each can be started and ended by itself, as a machine may lose each."""

    folder: Path
    pool: str = POOL
    options: Mapping[str, str] = field(default_factory=dict)
    daemons: dict[str, Daemon] = field(default_factory=dict)
    _postgres: Postgres = field(init=False)
    _port: int = field(init=False)

    def __post_init__(self) -> None:
        """Make the folder, and choose ports that stay the same for as long as it exists."""
        self.folder = self.folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / PORTS
        if not path.exists():
            path.write_text(json.dumps({"postgres": _free_port(), "server": _free_port()}))
        ports = json.loads(path.read_bytes())
        self._postgres = Postgres(self.folder, int(ports["postgres"]))
        self._port = int(ports["server"])

    @property
    def url(self) -> str:
        """Return the address for `PREFECT_API_URL`."""
        return f"http://{HOST}:{self._port}/api"

    def environment(self) -> dict[str, str]:
        """Return the environment in which Prefect's client finds this server."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return settings.child_environment(PREFECT_HOME=str(home), PREFECT_API_URL=self.url, **self.options)

    def start(self, *names: str) -> None:
        """Start what is named, everything without a name, in an order in which each finds what it needs."""
        for name in [n for n in ("postgres", "server", "worker") if not names or n in names]:
            if name == "postgres":
                self._postgres.make()
                self.daemons[name] = self._postgres.start()
            elif name == "server":
                self.daemons[name] = self._start_server()
            else:
                self.daemons[name] = self._start_worker()
            self._note()

    def stop(self, *names: str) -> None:
        """End what is named, everything without a name; PostgreSQL last and with its own signal."""
        asked = [n for n in ("server", "worker") if n in self.daemons and (not names or n in names)]
        end([self.daemons.pop(name) for name in asked])
        if "postgres" in self.daemons and (not names or "postgres" in names):
            end([self.daemons.pop("postgres")], FAST)
        self._note()

    def _note(self) -> None:
        noted = {name: [d.pid, d.started, d.log] for name, d in self.daemons.items()}
        if noted:
            (self.folder / STATE).write_text(json.dumps(noted))
        else:
            (self.folder / STATE).unlink(missing_ok=True)

    def _start_server(self) -> Daemon:
        address = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": self._postgres.url}
        words = ["server", "start", "--host", HOST, "--port", str(self._port)]
        daemon = self._launch("server", words, self.environment() | address)
        if not until(partial(self._healthy, daemon), START_SECONDS) or not daemon.alive:
            end([daemon])
            raise ProbityError(f"the Prefect server did not start within {START_SECONDS:.0f} s; see {daemon.log}")
        return daemon

    def _start_worker(self) -> Daemon:
        name = ["--name", f"{self.pool}-worker"]
        words = ["worker", "start", "--pool", self.pool, "--type", "process", "--limit", str(MOST_RUNS), *name]
        daemon = self._launch("worker", words, self.environment())
        if not until(lambda: "started!" in daemon.said() or not daemon.alive, START_SECONDS) or not daemon.alive:
            end([daemon])
            raise ProbityError(f"the Prefect worker did not start within {START_SECONDS:.0f} s; see {daemon.log}")
        return daemon

    def _launch(self, name: str, words: list[str], environment: Mapping[str, str]) -> Daemon:
        command = [sys.executable, "-m", "prefect", *words]
        return launch(command, self.folder / f"{name}.log", environment, where=self.folder)

    def _healthy(self, daemon: Daemon) -> bool:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{self.url}/health", timeout=5),  # noqa: S310 - our own loopback address
        ):
            return True
        return not daemon.alive


@contextlib.contextmanager
def running(folder: Path, pool: str = POOL, options: Mapping[str, str] | None = None) -> Iterator[Servers]:
    """Start everything in a folder, give it, and stop it at the end whatever happened in between."""
    servers = Servers(folder, pool, options or {})
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def noted(folder: Path) -> Servers:
    """Return the servers that an earlier `start` noted in a folder."""
    try:
        state = json.loads((folder / STATE).read_bytes())
    except OSError as error:
        raise ProbityError(f"{folder / STATE} cannot be read: no server was started here") from error
    daemons = {str(n): Daemon(int(pid), str(started), str(log)) for n, (pid, started, log) in state.items()}
    return Servers(folder, daemons=daemons)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        return int(listening.getsockname()[1])


def main(arguments: list[str]) -> int:
    """Run one command; 0 when it did what it says, 1 when not."""
    parser = argparse.ArgumentParser(description="PostgreSQL, a Prefect server and a worker on loopback.")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", help="start all three, print the address for PREFECT_API_URL")
    starting.add_argument("folder", type=Path)
    starting.add_argument("--pool", default=POOL)
    stopping = commands.add_parser("stop", help="end the processes that `start` noted in the folder")
    stopping.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "stop":
            noted(asked.folder).stop()
            return 0
        if (asked.folder / STATE).exists() and any(d.alive for d in noted(asked.folder).daemons.values()):
            raise ProbityError(f"{asked.folder / STATE} names servers that run; stop them first")
        servers = Servers(asked.folder, asked.pool)
        try:
            servers.start()
        except BaseException:
            servers.stop()
            raise
        sys.stdout.write(f"{servers.url}\n")
    except ProbityError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
