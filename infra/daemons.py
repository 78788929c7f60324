"""Processes that a script starts on this machine and ends again: those, and no other that has one of their numbers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

STOP_SECONDS = 20.0


class Account(NamedTuple):
    """A user of this machine."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True, slots=True)
class Daemon:
    """One process that was started; `started` tells it apart from a later process with the same id."""

    pid: int
    started: str
    log: str

    @property
    def alive(self) -> bool:
        """Return whether it runs; where it is our child, it is let go once it has ended."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return bool(self.started) and _started(self.pid) == self.started

    def said(self) -> str:
        """Return what it wrote to its log."""
        return Path(self.log).read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started in its own session, if it runs."""
        if self.alive:
            os.killpg(self.pid, number)


def launch(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    user: Account | None = None,
    where: Path | None = None,
) -> Daemon:
    """Start a process in a session of its own, which outlives a closed terminal; its output goes into `log`.

    `user` is whom to run it as, for programs that refuse root; it takes root to say so. `where` is its folder.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=() if user else None,
            cwd=where,
        )
    process.returncode = 0  # the daemon is meant to outlive this object, which would warn about it
    return Daemon(process.pid, _started(process.pid), str(log))


def until(done: Callable[[], object], seconds: float, pause: float = 0.1) -> object:
    """Ask until the answer is true, every `pause` seconds, and return it; None when the time is over."""
    latest = time.monotonic() + seconds
    while time.monotonic() < latest:
        if answer := done():
            return answer
        time.sleep(pause)
    return None


def end(daemons: Sequence[Daemon], softly: signal.Signals = signal.SIGTERM, seconds: float = STOP_SECONDS) -> None:
    """End processes, the last one started first; those that do not go are killed."""
    for daemon in reversed(daemons):
        daemon.signal(softly)
    for daemon in reversed(daemons):
        if not until(partial(_ended, daemon), seconds):
            daemon.signal(signal.SIGKILL)
            until(partial(_ended, daemon), seconds)


def _ended(daemon: Daemon) -> bool:
    return not daemon.alive


def _started(pid: int) -> str:
    """Return when a process began, as its system tells it, or nothing once it has ended."""
    try:
        state, *rest = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _started_elsewhere(pid)
    return "" if state in "ZX" else rest[18]


def _started_elsewhere(pid: int) -> str:
    """Ask `ps` where there is no /proc; on Linux its clock wavers by a second, so there it is not asked."""
    if Path("/proc/self").exists():
        return ""
    told = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    words = told.stdout.split()
    return "" if not words or words[0].startswith("Z") else " ".join(words[1:])
