"""A witness over HTTP (c2sp.org/tlog-witness): the service, and how a ledger asks one."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from evidence.errors import OutputFailed, ProbityError
from evidence.note import NoteKey
from evidence.witness import MAX_REQUEST_BYTES, SIZE_TYPE, Answer, Submission, Witness

TIMEOUT_SECONDS = 30.0
MAX_ANSWER_BYTES = 16 * 1024
PATH = "/add-checkpoint"


def server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that is bound and not yet serving; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_SECONDS

        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            if self.path != PATH or not size.isdecimal() or int(size) > MAX_REQUEST_BYTES:
                self._answer(Answer(404 if self.path != PATH else 400, "not a request of tlog-witness\n"))
                return
            try:
                self._answer(witness.add_checkpoint(self.rfile.read(int(size))))
            except ProbityError:
                self._answer(Answer(500, "the witness cannot keep its memory\n"))

        def log_message(self, *_: object) -> None:
            """Say nothing: who audits when is not for a log of ours."""

        def _answer(self, answer: Answer) -> None:
            body = answer.body.encode()
            told_size = answer.status == 409
            self.send_response(answer.status)
            self.send_header("Content-Type", SIZE_TYPE if told_size else "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except OSError as cause:
        raise OutputFailed(f"cannot listen on {host}:{port}: {cause.strerror or cause}") from cause


def serve(witness: Witness, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Answer requests until the process is interrupted."""
    with server(witness, host, port) as running:
        tell(f"http://{host}:{running.server_address[1]}")
        running.serve_forever()


def submission(url: str, key: NoteKey) -> Submission:
    """Return the witness at a submission prefix as a ledger sees it."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise OutputFailed(f"{url}: a witness is asked over http or https")

    def send(request: bytes) -> Answer:
        asked = urllib.request.Request(url.rstrip("/") + PATH, data=request, method="POST")  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return Answer(answer.status, answer.read(MAX_ANSWER_BYTES).decode(errors="replace"))
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read(MAX_ANSWER_BYTES).decode(errors="replace"))
        except OSError as cause:
            raise OutputFailed(f"the witness at {url} did not answer: {cause}") from cause

    return Submission(key, send)
