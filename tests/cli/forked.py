"""`probity` on a PATH for shells under test: each call is a fork of one process that has imported everything already.

Usage: python -m tests.cli.forked SOCKET, which serves until it is killed; `shim` writes the program that asks it.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
from pathlib import Path

from flows.cli import main
from flows.cli.verbs import VERBS

#: Started without site and environment: of what it needs Python has nearly everything at hand.
SHIM = """#!{python} -IS
import json, os, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect({at!r})
socket.send_fds(asked, [json.dumps([os.getcwd(), sys.argv[1:]]).encode()], [0, 1, 2])
sys.exit(int(asked.recv(16)))
"""
HEAVY = ("flows.cases", "flows.notices", "flows.notifying", "flows.escalation", "checks.clocks.deadline", "smtplib")


def shim(folder: Path, at: Path) -> Path:
    """Write a `probity` into a folder that is to be on the PATH, and return the folder."""
    folder.mkdir()
    (folder / "probity").write_text(SHIM.format(python=sys.executable, at=str(at)))
    (folder / "probity").chmod(0o755)
    return folder


def serve(at: Path) -> None:
    for name in (*HEAVY, *(verb.module for verb in VERBS.values())):
        importlib.import_module(name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(at))
    listening.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        asked, _ = listening.accept()
        if os.fork():
            asked.close()
            os.wait()
        else:
            _answer(asked)


def _answer(asked: socket.socket) -> None:
    data, given, _, _ = socket.recv_fds(asked, 65536, 3)
    folder, words = json.loads(data)
    for number, descriptor in enumerate(given):
        os.dup2(descriptor, number)
    os.chdir(folder)
    try:
        code: object = main(words)
    except SystemExit as left:
        code = left.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    asked.send(str(code).encode())
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
