"""The S3 store over HTTP: the standard AWS chain, a service that stumbles, and an audit from the command line.

The service is an imitation that lets locks be shortened and takes wrong checksums: nothing is claimed of either here.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from evidence.errors import OutputFailed
from infra.s3_object import upload
from infra.store_s3 import S3Store
from tests.cli.engagements import edit, members, probity, trail, unjudged

pytestmark = pytest.mark.server
AT = datetime(2025, 7, 2, 10, tzinfo=UTC)
PLACE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}
KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000"
STORE = (
    "{{kind: s3, bucket: audits-111122223333, prefix: acme, region: eu-central-1, retain: 10y, kms_key: '{key}', "
    "disclosures: {{bucket: personal-111122223333}}}}"
)


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="audits-111122223333", ObjectLockEnabledForBucket=True, **PLACE)
    client.create_bucket(Bucket="personal-111122223333", **PLACE)
    client.create_bucket(Bucket="ledger-111122223333", **PLACE)
    yield f"http://{host}:{port}"
    server.stop()


def store(endpoint: str | None, **changes: Any) -> S3Store:
    written = {
        "kind": "s3",
        "bucket": "audits-111122223333",
        "region": "eu-central-1",
        "endpoint": endpoint,
        "kms_key": KMS_KEY,
        "retain": "3650d",
        "disclosures": {"bucket": "personal-111122223333"},
    }
    return S3Store.model_validate(written | changes)


def client(endpoint: str) -> Any:
    return boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1")


def test_audit_seals_into_the_bucket_and_the_same_bytes_verify(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unjudged(trail(tmp_path / "e"))
    edit(folder / "audit.yaml", "{kind: folder, path: bundles}", STORE.format(key=KMS_KEY))
    with (folder / "audit.yaml").open("a") as file:
        file.write("ledger: {kind: s3, bucket: ledger-111122223333, prefix: acme, region: eu-central-1}\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    done = probity("audit", folder, "--format", "json")
    assert done.code == 0, done.err
    address, _, version = json.loads(done.out)["bundle"].partition("?versionId=")
    assert address.startswith("s3://audits-111122223333/acme/audit-trail-")
    key = address.removeprefix("s3://audits-111122223333/")
    answer = client(endpoint).get_object(Bucket="audits-111122223333", Key=key, VersionId=version)
    assert (answer["ServerSideEncryption"], answer["ObjectLockMode"]) == ("aws:kms", "COMPLIANCE")
    bundle = tmp_path / "copy.zip"
    bundle.write_bytes(answer["Body"].read())
    assert probity("verify", bundle, "--trust", folder / "keys/trust").code == 0
    stated = json.loads(members(bundle)["data/method/audit.json"])
    assert stated["store"] == {"kind": "s3", "region": "eu-central-1", "retain": "10y"}
    assert b"111122223333" not in b"".join(v for k, v in members(bundle).items() if k.startswith("data/method/"))
    assert list((folder / ".probity/work").iterdir()) == []


def test_file_in_parts_comes_back_whole_and_its_name_is_taken_once(endpoint: str, tmp_path: Path) -> None:
    """Without a lock, which the imitation forgets of an upload in parts."""
    file = tmp_path / "bundle.zip"
    file.write_bytes(bytes(range(256)) * (24 << 10))
    sent = upload("audits-111122223333", "parts.zip", file, KMS_KEY, None)
    first = sent.send(client(endpoint), part_bytes=5 << 20)
    assert first is not None
    assert sent.read_back(client(endpoint), first.version).sha256 == sent.sha256
    assert sent.send(client(endpoint), part_bytes=5 << 20) is None


def test_bucket_without_a_lock_stops_the_audit_before_anything_is_announced(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unjudged(trail(tmp_path / "e"))
    stated = STORE.format(key=KMS_KEY).replace("bucket: audits-111122223333", "bucket: personal-111122223333", 1)
    edit(folder / "audit.yaml", "{kind: folder, path: bundles}", stated)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    done = probity("audit", folder)
    assert (done.code, done.out) == (2, "")
    assert "versioning is not on" in done.err
    assert not (folder / "ledger").exists()


class Stumbling(http.server.BaseHTTPRequestHandler):
    """Answers 503 as often as `failures` says, and then that versioning and Object Lock are on."""

    failures = 0
    ON = {
        "versioning": b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        "object-lock": b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
        b"</ObjectLockConfiguration>",
    }

    def do_GET(self) -> None:
        fails, type(self).failures = self.failures > 0, self.failures - 1
        body = b"<Error><Code>SlowDown</Code></Error>" if fails else self.ON[self.path.partition("?")[2]]
        self.send_response(503 if fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def stumbling() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stumbling) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_service_that_is_busy_is_asked_again(stumbling: str) -> None:
    Stumbling.failures = 1
    store(stumbling).prepare()
    assert Stumbling.failures < 0


def test_absent_identity_is_named(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(OutputFailed, match="no valid AWS identity"):
        store(endpoint).prepare()
