"""A vendor's API on loopback that answers as scripted, and fails in every way that networks and vendors do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Params = list[tuple[str, str]]


@dataclass
class Reply:
    """What is sent. `promised` more bytes than the body has break the connection; `held` waits before the body."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int = 0
    held: threading.Event | None = None

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Handler = Callable[[str, Params, Mapping[str, str]], Reply]


class VendorServer(ThreadingHTTPServer):
    """Counts what it was asked; answers by one function of path, parameters and headers."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: Handler) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.handler = handler
        self.asked: list[str] = []
        self.headers_seen: list[Mapping[str, str]] = []
        self.sent: list[tuple[str, bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Exchange(BaseHTTPRequestHandler):
    server: VendorServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(self.path)
        body_sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.sent.append((self.command, body_sent))
        self.server.headers_seen.append({k.lower(): v for k, v in self.headers.items()})
        params = parse_qsl(parts.query, keep_blank_values=True)
        reply = self.server.handler(parts.path, params, self.server.headers_seen[-1])
        body = reply.encoded()
        self.send_response_only(reply.status)
        given = {"Date": formatdate(usegmt=True), "Content-Type": "application/json"} | dict(reply.headers)
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + reply.promised))
        self.end_headers()
        if reply.held is not None:
            reply.held.wait(10)
        self.wfile.write(body)
        self.wfile.flush()
        if reply.promised:
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def serving(handler: Handler) -> Iterator[VendorServer]:
    server = VendorServer(handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
