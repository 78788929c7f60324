from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from evidence.errors import BadInput, OutputFailed
from evidence.ledger import Ledger
from evidence.ledger_audit import examine
from infra.ledger_s3 import LedgerBucket
from tests.evidence.logbook import LOG, completion, next_start

pytestmark = pytest.mark.server
BUCKET = "audits"
RUNS = 4


def client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A bucket of the test's own, and where it is."""
    name = f"{BUCKET}-{abs(hash(request.node.name)) % 10**8}"
    client(endpoint).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return endpoint, name


def shelf(bucket: tuple[str, str]) -> LedgerBucket:
    return LedgerBucket(client(bucket[0]), bucket[1], "ledger/acme")


def write_runs(bucket: tuple[str, str], name: str) -> None:
    book = Ledger(shelf(bucket), LOG)
    for number in range(RUNS):
        first = book.prove(book.append(next_start(f"{name}-{number}")))
        done = book.append(lambda h, r=f"{name}-{number}": completion(h, r))
        book.prove(done, since=first.checkpoint)


def test_name_is_taken_once(bucket: tuple[str, str]) -> None:
    held = shelf(bucket)
    assert held.create("leaves/000000000.json", b"first")
    assert not held.create("leaves/000000000.json", b"second")
    assert shelf(bucket).read("leaves/000000000.json") == b"first"
    assert held.read("leaves/000000001.json") is None
    assert list(held.names()) == ["leaves/000000000.json"]


def test_leaves_in_a_bucket_that_locks_by_default_are_locked(endpoint: str) -> None:
    held, name = client(endpoint), "locked-by-default"
    place = {"LocationConstraint": "eu-central-1"}
    held.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=place)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 3650}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    held.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    assert LedgerBucket(held, name, "acme").create("leaves/000000000.json", b"first")
    assert held.get_object(Bucket=name, Key="acme/leaves/000000000.json")["ObjectLockMode"] == "COMPLIANCE"


def test_processes_at_the_same_time_lose_no_leaf(bucket: tuple[str, str]) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_runs, args=(bucket, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    assert [writer.exitcode for writer in writers] == [0, 0]
    found = examine(shelf(bucket), LOG.key, None)
    assert (found.history.size, found.history.contract("c-1").runs, found.open) == (4 * RUNS, 2 * RUNS, ())


def test_bucket_that_is_not_there_is_named(endpoint: str) -> None:
    absent = LedgerBucket(client(endpoint), "nowhere-at-all", "")
    for work in (absent.names, lambda: absent.read("x"), lambda: absent.create("leaves/000000000.json", b"x")):
        with pytest.raises(BadInput, match="nowhere-at-all"):
            work()


class Careless:
    """A service that takes what it is given and keeps something else."""

    def put_object(self, **_: Any) -> None:
        return

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": self}

    def read(self, _: int) -> bytes:
        return b"something else"


def test_leaf_that_does_not_come_back_as_written_is_our_failure() -> None:
    with pytest.raises(OutputFailed, match="came back otherwise"):
        LedgerBucket(Careless(), "b", "p").create("leaves/000000000.json", b"x")
