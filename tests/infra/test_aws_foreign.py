"""Answers of 200 that are none of the service, as proxies give them: an error, never a setting that is not set."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.parsers import ResponseParserError

from evidence.errors import Transient
from evidence.locker import Locker
from infra.aws import aws_client
from infra.bucket_objects import Bucket
from tests.vendor_server import Reply, serving


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.mark.parametrize("body", [b"<html>Just a moment</html>", b'{"mode": "no', b"[]"])
def test_a_service_that_speaks_json_is_not_believed_in_another_language(body: bytes) -> None:
    with serving(lambda *_: Reply(body)) as server:
        client = aws_client("bedrock", "eu-central-1", server.address)
        with pytest.raises(ResponseParserError):
            client.get_account_data_retention()


@pytest.mark.parametrize("body", [b"<html>Just a moment", b"<Locat", b"{}"])
def test_a_bucket_whose_place_nobody_can_read_is_not_had(body: bytes, tmp_path: Path) -> None:
    with serving(lambda *_: Reply(body)) as server:
        bucket = Bucket(aws_client("s3", "eu-central-1", server.address), "genai-audit", Locker(tmp_path))
        with pytest.raises(Transient, match="locate"):
            bucket.region()
        with pytest.raises(Transient, match="list"):
            list(bucket.list(""))
