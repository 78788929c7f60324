from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import checkpoint
from evidence.errors import NotLogged, OutputFailed
from evidence.ledger import Ledger
from infra.witness_folder import WitnessFolder
from infra.witness_http import server, submission
from tests.evidence import logbook
from tests.evidence.logbook import LOG, WITNESS, Shelf, next_start

pytestmark = pytest.mark.server


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A witness that listens on a free port of the loopback and forgets nothing until the test ends."""
    with server(logbook.witness(WitnessFolder(tmp_path)), "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_ledger_is_witnessed_over_http(url: str) -> None:
    book = Ledger(Shelf(), LOG, submission(url, WITNESS.key))
    for run in ("a", "b"):
        proven = book.prove(book.append(next_start(run)))
    seen = checkpoint.check_leaf(proven.leaf, checkpoint.parse_proof(proven.proof), LOG.key, WITNESS.key)
    assert (seen.checkpoint.size, seen.witnessed) == (2, int(logbook.NOW.timestamp()))


def test_fork_is_refused_over_http(url: str) -> None:
    first = Ledger(Shelf(), LOG, submission(url, WITNESS.key))
    first.prove(first.append(next_start("a")))
    fork = Ledger(Shelf(), LOG, submission(url, WITNESS.key))
    with pytest.raises(NotLogged, match="WITNESS_REFUSED"):
        fork.prove(fork.append(next_start("b")))


@pytest.mark.parametrize(("path", "body", "status"), [("/x", b"", 404), ("/add-checkpoint", b"x" * 40_000, 400)])
def test_other_requests_are_refused(url: str, path: str, body: bytes, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url + path, data=body))
    assert refused.value.code == status
    refused.value.close()


def test_witness_that_does_not_answer_is_our_failure() -> None:
    book = Ledger(Shelf(), LOG, submission("http://127.0.0.1:9", WITNESS.key))
    with pytest.raises(OutputFailed, match="did not answer"):
        book.prove(book.append(next_start("a")))
    with pytest.raises(OutputFailed, match="over http"):
        submission("file:///etc/passwd", WITNESS.key)
