"""A real time-stamping authority on loopback: HTTP around `openssl ts -reply`, with keys made by openssl."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIGURATION = """
[tsa]
default_tsa = unit
[unit]
serial = serial
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
signer_digest = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[stamping]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[request]
distinguished_name = name
[name]
"""


def openssl(folder: Path, *words: str, before: Sequence[str] = (), data: bytes | None = None) -> bytes:
    done = subprocess.run([*before, "openssl", *words], cwd=folder, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Unit:
    """A root, and a unit that stamps; `before` is put before openssl, such as faketime and an instant."""

    def __init__(self, folder: Path, name: str, *, days: int, before: Sequence[str] = (), curve: str = "P-256") -> None:
        self.folder, self.before = folder, tuple(before)
        folder.mkdir(parents=True)
        (folder / "unit.cnf").write_text(CONFIGURATION)
        (folder / "serial").write_text("01\n")
        new = ("-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-noenc")
        life = ("-days", str(days))
        self._run("req", "-x509", *new, "-keyout", "root.key", "-out", "root.pem", "-subj", f"/CN={name} root", *life)
        request = ("-config", "unit.cnf", "-keyout", "unit.key", "-out", "unit.csr", "-subj", f"/CN={name} unit")
        self._run("req", *new, *request)
        issued = ("-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7", "-extfile", "unit.cnf")
        self._run("x509", "-req", "-in", "unit.csr", *issued, "-extensions", "stamping", *life, "-out", "unit.pem")

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        keys = ("-signer", "unit.pem", "-inkey", "unit.key", "-chain", "root.pem")
        self._run("ts", "-reply", "-config", "unit.cnf", "-queryfile", "request.tsq", *keys, "-out", "reply.tsr")
        return (self.folder / "reply.tsr").read_bytes()

    def _run(self, *words: str) -> bytes:
        return openssl(self.folder, *words, before=self.before)


@contextmanager
def serving(answer) -> Iterator[str]:
    """Serve an `answer` from request bytes to reply bytes on loopback, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if reply is not None else 503)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply or b"")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
