"""Answers of 200 that are none of the service, as proxies give them: an error, never a setting that is not set."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError

from evidence.errors import Terminal, Transient
from evidence.locker import Locker
from infra.aws import aws_client
from infra.bucket_examination import CALLS
from infra.bucket_objects import Bucket
from tests.vendor_server import Reply, serving


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.mark.parametrize("body", [b"<html>Just a moment</html>", b'{"mode": "no', b"[]", b""])
def test_a_service_that_speaks_json_is_not_believed_in_another_language(body: bytes) -> None:
    with serving(lambda *_: Reply(body)) as server:
        client = aws_client("bedrock", "eu-central-1", server.address)
        with pytest.raises(ResponseParserError):
            client.get_account_data_retention()


@pytest.mark.parametrize("body", [b"<html>Just a moment", b"<Locat", b"{}", b"", b"<html><body>Sign in</body></html>"])
def test_a_bucket_whose_place_nobody_can_read_is_not_had(body: bytes, tmp_path: Path) -> None:
    with serving(lambda *_: Reply(body)) as server:
        bucket = Bucket(aws_client("s3", "eu-central-1", server.address), "genai-audit", Locker(tmp_path))
        with pytest.raises(Transient, match="locate"):
            bucket.region()
        with pytest.raises(Transient, match="list"):
            list(bucket.list(""))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", [b"", b"<html><body>Sign in</body></html>"])
def test_nothing_is_no_answer_to_how_a_bucket_is_set_up(body: bytes, call: str) -> None:
    with serving(lambda *_: Reply(body)) as server:
        client = aws_client("s3", "eu-central-1", server.address, attempts=1)
        with pytest.raises(ResponseParserError):
            getattr(client, call)(Bucket="genai-logs")


class _Elsewhere(BytesIO):
    """The body of an answer that says that a bucket is in another region."""

    def stream(self, **_: Any) -> list[bytes]:
        return [self.read()]


def test_a_bucket_is_not_followed_to_a_host_that_is_not_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def send(_: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        asked.append(request.url.split("/")[2])
        said = b"<Error><Code>PermanentRedirect</Code></Error>"
        return AWSResponse(request.url, 301, {"x-amz-bucket-region": "us-east-1"}, _Elsewhere(said))

    monkeypatch.setattr(URLLib3Session, "send", send)
    allowed = "s3.eu-central-1.amazonaws.com"
    bucket = Bucket(aws_client("s3", "eu-central-1", egress=frozenset({allowed})), "genai-audit", Locker(tmp_path))
    with pytest.raises(Terminal, match="us-east-1"):
        list(bucket.list(""))
    assert asked == [f"genai-audit.{allowed}"]
