"""A PostgreSQL cluster of our own in a folder, started from the system's binaries on loopback."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import ProbityError
from infra.daemons import Account, Daemon, launch, until

HOST = "127.0.0.1"
USER = "prefect"
DATABASE = "postgres"
START_SECONDS = 60.0
#: PostgreSQL calls SIGINT its fast shutdown: clients are cut off, what was committed stays.
FAST = signal.SIGINT
#: Users that run PostgreSQL where we are root, which it refuses; the first that this machine has.
UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A cluster in `folder/postgres`; its password lies in `folder/postgres.password`, for its owner only."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Return the address as Prefect wants it, with the password: for an environment, never for a log."""
        return f"postgresql+asyncpg://{USER}:{self._password}@{HOST}:{self.port}/{DATABASE}"

    def make(self) -> None:
        """Initialise the cluster unless it is there; the server then asks every client for the password."""
        if (self._data / "PG_VERSION").exists():
            return
        user = _user()
        kept = self.folder / "postgres.password"
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
        self._data.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            for path in (self._data, kept):
                os.chown(path, user.uid, user.gid)
        command = ["initdb", "--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale"]
        self._run([*command, "--pwfile", str(kept), "--pgdata", str(self._data)], user)

    def start(self) -> Daemon:
        """Start the server and return it once it takes connections."""
        options = {"listen_addresses": HOST, "port": str(self.port), "unix_socket_directories": ""}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [program("postgres"), "-D", str(self._data), *words]
        daemon = launch(command, self.folder / "postgres.log", user=_user(), where=self.folder)
        ready = [program("pg_isready"), "--quiet", "--host", HOST, "--port", str(self.port)]
        answered = until(lambda: not daemon.alive or subprocess.run(ready, check=False).returncode == 0, START_SECONDS)
        if not answered or not daemon.alive:
            raise ProbityError(f"PostgreSQL did not start within {START_SECONDS:.0f} s; see {daemon.log}")
        return daemon

    @property
    def _data(self) -> Path:
        return self.folder / "postgres"

    @property
    def _password(self) -> str:
        return (self.folder / "postgres.password").read_text()

    def _run(self, command: list[str], user: Account | None) -> None:
        who = {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": ()}
        words = [program(command[0]), *command[1:]]
        ended = subprocess.run(words, capture_output=True, check=False, cwd=self._data.parent, **who)  # type: ignore[call-overload]
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            hint = f"; {user.name} must be able to reach {self.folder}" if user else ""
            raise ProbityError(f"{command[0]} failed: {said[-1] if said else ended.returncode}{hint}")


def program(name: str) -> str:
    """Return where one of PostgreSQL's programs lies: on the PATH, or where Debian keeps the newest version."""
    found = shutil.which(name)
    if found is not None:
        return found
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(versions, key=lambda p: float(p.parts[-3]), default=None)
    if newest is None:
        raise ProbityError(f"PostgreSQL's {name} is not installed; install the package postgresql")
    return str(newest)


def _user() -> Account | None:
    """Return whom PostgreSQL runs as where we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in UNPRIVILEGED:
        if name in known:
            return Account(known[name].pw_uid, known[name].pw_gid, name)
    raise ProbityError("PostgreSQL does not run as root, and this machine has no user to run it as; run as another")
