"""A trail out of its bucket: moto's S3 behind faults, and CloudTrail's API as scripted."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from urllib.parse import urlencode

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from evidence.model import Period
from infra.source import Gathering
from infra.sources.cloudtrail import CloudTrail
from tests.faults.scenario import LOGGED, START, Fault, Rows, Scenario, counted, over_http
from tests.faults.wire import spoiled
from tests.infra.digest_chain import ACCOUNT, BUCKET, REGION, Trail
from tests.infra.test_cloudtrail_bucket import ARN, api
from tests.vendor_server import Handler, Params, Reply

HOURS = 6
PASSED = ("etag", "last-modified", "content-type", "x-amz-bucket-region")
AWS = ("429", "500", "503", "cut", "slow", "expired", "forbidden", "gone", "torn", "html", "empty", "skew")


@cache
def moto() -> str:
    """Return the address of an S3 that lives as long as this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def behind(address: str, trail: Handler) -> Handler:
    """Return a handler that asks S3, and CloudTrail's API where a request is for that."""

    def answer(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        if "x-amz-target" in headers:
            return trail(path, params, headers)
        query = f"?{urlencode(params)}" if params else ""
        found = httpx.get(f"{address}{path}{query}", headers={"authorization": headers.get("authorization", "")})
        kept = {k: v for k, v in found.headers.items() if k in PASSED or k.startswith("x-amz-meta")}
        return Reply(found.content, found.status_code, kept)

    return answer


class TrailBucket(Scenario):
    kind, faults, clause = "cloudtrail", AWS, LOGGED
    identity = {"audit_log": ("event_id",), "processing_activity": ("request_id",)}
    period = Period.of(START, START + timedelta(hours=HOURS))

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        self._deliver()
        with pytest.MonkeyPatch.context() as environment:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                environment.setenv(name, "testing-1234")

            def source(address: str) -> CloudTrail:
                environment.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", address)
                return CloudTrail(bucket=BUCKET, accounts=(ACCOUNT,), regions=(REGION,), trail=ARN, endpoint=address)

            return over_http(at, behind(moto(), api()), fault, source, spoiled)

    def _deliver(self) -> None:
        httpx.post(f"{moto()}/moto-api/reset")
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        client = boto3.client("s3", endpoint_url=moto(), region_name=REGION, **keys)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        trail = Trail(hours=HOURS)
        for key, body in trail.objects.items():
            signature = trail.signatures.get(key)
            named = {} if signature is None else {"signature": signature, "signature-algorithm": "SHA256withRSA"}
            client.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=named)

    def beside(self, *, bad: bool) -> Rows:
        return counted(2 * HOURS + bad, self.period)


SCENARIOS: dict[str, Scenario] = {"cloudtrail-bucket": TrailBucket()}
