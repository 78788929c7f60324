"""AWS: moto's S3 behind faults, CloudTrail's and Bedrock's APIs as scripted: a trail, buckets, Bedrock and its logs."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from evidence.model import Period
from infra.source import Gathering
from infra.sources.bedrock import Bedrock
from infra.sources.cloudtrail import CloudTrail
from infra.sources.s3 import S3
from tests.faults.scenario import LOGGED, START, Fault, Rows, Scenario, counted, over_http
from tests.faults.wire import spoiled
from tests.infra.bucket_inventory import SOURCE as CONTENT
from tests.infra.bucket_inventory import World
from tests.infra.digest_chain import ACCOUNT, BUCKET, REGION, Trail
from tests.infra.test_bedrock import ANSWERS, BELOW, packed
from tests.infra.test_bedrock import BUCKET as LOGS
from tests.infra.test_bedrock import call as invocation
from tests.infra.test_cloudtrail_bucket import ARN, api
from tests.infra.test_s3_source import DAYS, A, B
from tests.infra.test_s3_source import NOW as LONG_AFTER
from tests.infra.test_s3_source import PERIOD as INVENTORIED
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


def behind(api: Handler) -> Handler:
    """Return a handler that asks S3, and another API where a request is for that."""

    def answer(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        if "x-amz-target" in headers or path in ANSWERS:
            return api(path, params, headers)
        query = f"?{urlencode(params)}" if params else ""
        found = httpx.get(f"{moto()}{path}{query}", headers={"authorization": headers.get("authorization", "")})
        kept = {k: v for k, v in found.headers.items() if k in PASSED or k.startswith("x-amz-meta")}
        return Reply(found.content, found.status_code, kept)

    return answer


@contextmanager
def identity() -> Iterator[pytest.MonkeyPatch]:
    """Set credentials that moto believes, and whatever else a scenario sets."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing-1234")
        yield environment


def emptied(bucket: str) -> Any:
    """Return a client of S3 that has one empty bucket."""
    httpx.post(f"{moto()}/moto-api/reset")
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", endpoint_url=moto(), region_name=REGION, **keys)
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


class TrailBucket(Scenario):
    kind, faults, clause = "cloudtrail", AWS, LOGGED
    identity = {"audit_log": ("event_id",), "processing_activity": ("request_id",)}
    period = Period.of(START, START + timedelta(hours=HOURS))

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        self._deliver()
        with identity() as environment:

            def source(address: str) -> CloudTrail:
                environment.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", address)
                return CloudTrail(bucket=BUCKET, accounts=(ACCOUNT,), regions=(REGION,), trail=ARN, endpoint=address)

            return over_http(at, behind(api()), fault, source, spoiled)

    def _deliver(self) -> None:
        client = emptied(BUCKET)
        trail = Trail(hours=HOURS)
        for key, body in trail.objects.items():
            signature = trail.signatures.get(key)
            named = {} if signature is None else {"signature": signature, "signature-algorithm": "SHA256withRSA"}
            client.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=named)

    def beside(self, *, bad: bool) -> Rows:
        return counted(2 * HOURS + bad, self.period)


def answered(path: str) -> Reply:
    """Return what Bedrock or STS answers."""
    found = ANSWERS[path]
    return found if isinstance(found, Reply) else Reply(found)


class Invocations(Scenario):
    kind, faults = "bedrock", AWS
    clause = ("data-residency", {"allowed": "EU", "activities": ["process"]})
    identity = {"processing_activity": ("request_id",), "settings": ("setting", "scope", "value")}

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        client = emptied(LOGS)
        for number in range(4):
            elsewhere = {"inferenceRegion": "us-east-1"} if bad and number == 2 else {}
            key = f"{BELOW}/{number}.json.gz"
            client.put_object(Bucket=LOGS, Key=key, Body=packed(invocation(number, **elsewhere)))
        reads = ("settings", "profiles", "models", "invocations")
        with identity() as environment:

            def source(address: str) -> Bedrock:
                for service in ("BEDROCK", "STS"):
                    environment.setenv(f"AWS_ENDPOINT_URL_{service}", address)
                return Bedrock(account=ACCOUNT, regions=(REGION,), reads=reads, endpoint=address)

            return over_http(at, behind(lambda path, *_: answered(path)), fault, source, spoiled)

    def beside(self, *, bad: bool) -> Rows:
        return counted(4)


class ContentBuckets(Scenario):
    kind, faults = "s3", AWS
    identity = {"data_lifecycle": ("record_id", "snapshot_at"), "settings": ("setting", "scope", "value")}
    #: Without the list in which an object was last seen, it was last seen in the one before.
    older = {
        "data_lifecycle": frozenset(
            (f"{key}@{since}", str(day))
            for key, since, day in (
                ("in/a", "2025-06-01T10:00:00.000Z", DAYS[0]),
                ("in/b c+d", "2025-06-02T10:00:00.000Z", DAYS[1]),
            )
        )
    }
    period = INVENTORIED

    @property
    def instant(self) -> datetime:
        return LONG_AFTER

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        with identity() as environment:
            environment.setenv("AWS_ENDPOINT_URL_KMS", moto())
            world = World(moto())
            for day, objects in zip(DAYS, ([A], [A, B], [B]), strict=True):
                world.deliver(day, objects)
            named = {"name": CONTENT, "system": "inference-log", "content": ["prompt"]}

            def source(address: str) -> S3:
                return S3.model_validate(
                    {"account": ACCOUNT, "region": REGION, "endpoint": address, "buckets": [named]}
                )

            return over_http(at, behind(api()), fault, source, spoiled)


SCENARIOS: dict[str, Scenario] = {
    "cloudtrail-bucket": TrailBucket(),
    "bedrock": Invocations(),
    "s3": ContentBuckets(),
}
