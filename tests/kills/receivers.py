"""A mail server, a webhook receiver and an outside monitor in a process that may be killed at any instant.

What was taken is on the disk before it is acknowledged; a kill in between makes the sender try again under the same id.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

MAIL, HOOK, BEAT = "mail", "hook", "beat"


def taken(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return what was taken by one of the three, in order; a line that a kill cut off was never acknowledged."""
    path = folder / f"{name}.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines if line]


class Journal:
    """One file of what was taken."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path, self._turn = folder / f"{name}.jsonl", threading.Lock()
        if self._path.exists() and not self._path.read_bytes().endswith(b"\n"):
            whole = self._path.read_bytes().rpartition(b"\n")
            self._path.write_bytes(whole[0] + whole[1])

    def take(self, **what: Any) -> None:
        with self._turn, self._path.open("ab") as file:
            file.write(json.dumps(what).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


class Mail:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        text = envelope.content.decode(errors="replace")
        headers = dict(line.split(": ", 1) for line in text.split("\r\n\r\n")[0].split("\r\n") if ": " in line)
        self._journal.take(id=headers["Message-ID"], subject=headers.get("Subject", ""), to=envelope.rcpt_tos)
        return "250 taken"


def http(port: int, hooks: Journal, beats: Journal) -> ThreadingHTTPServer:
    class Exchange(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path == "/beat":
                beats.take()
            else:
                hooks.take(id=self.headers["webhook-id"], body=json.loads(body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Exchange)


def main(folder: Path, smtp: int, hook: int) -> None:
    """Serve until killed; the first line of output says that all three take connections."""
    server = http(hook, Journal(folder, HOOK), Journal(folder, BEAT))
    Controller(Mail(Journal(folder, MAIL)), hostname="127.0.0.1", port=smtp).start()
    print("ready", flush=True)
    server.serve_forever(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
