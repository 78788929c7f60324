"""Generated CloudTrail log files as delivered: `{"Records":[…]}` on one line, gzip, in dated folders; always the same.

Four records of five are of other services, with the bulk that real ones have; the fifth is a Bedrock call in the Union.
One record in two thousand is delivered a second time, in a later file.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from population import cache

VERSION = 1
PER_FILE = 2_000
START = datetime(2025, 6, 1, tzinfo=UTC)
REGIONS = ("eu-central-1", "eu-west-1", "eu-north-1")
MODELS = ("anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-pro-v1:0", "mistral.mistral-large-2402-v1:0")
OTHERS = (
    ("s3.amazonaws.com", "GetObject", {"bucketName": "models-{n}", "key": "shards/{n}/part-00{n}.safetensors"}),
    (
        "sts.amazonaws.com",
        "AssumeRole",
        {"roleArn": "arn:aws:iam::111122223333:role/worker-{n}", "durationSeconds": 900},
    ),
    ("kms.amazonaws.com", "Decrypt", {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::models-{n}/shards"}}),
    (
        "ec2.amazonaws.com",
        "DescribeInstances",
        {"instancesSet": {"items": [{"instanceId": "i-0{n}"}]}, "filterSet": {}},
    ),
)


def written(records: int, days: int = 1) -> Path:
    """Return a folder of logs with about `records` records spread over `days`, writing it if it is not there yet."""
    folder = cache() / f"trail-{records}-{days}-v{VERSION}"
    if not (folder / "whole").exists():
        for name, content in _files(records, days):
            path = folder / "AWSLogs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(content, compresslevel=6, mtime=0))
        (folder / "whole").touch()
    return folder / "AWSLogs"


def _files(records: int, days: int) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(20250601)
    step = timedelta(days=days) / records
    again: list[str] = []
    for number, low in enumerate(range(0, records, PER_FILE)):
        lines = [_record(chance, n, START + n * step) for n in range(low, min(records, low + PER_FILE))]
        first = START + low * step
        region = REGIONS[number % len(REGIONS)]
        name = (
            f"111122223333/CloudTrail/{region}/{first:%Y/%m/%d}/111122223333_CloudTrail_{region}_{number:06d}.json.gz"
        )
        yield name, ('{"Records":[' + ",".join(lines + again) + "]}").encode()
        again = [line for line in lines if chance.random() < 0.0005]


def _record(chance: random.Random, number: int, at: datetime) -> str:
    bedrock = number % 5 == 0
    region = REGIONS[number % len(REGIONS)]
    record = _common(chance, region, at)
    if bedrock:
        model = MODELS[chance.randrange(3)]
        record |= {
            "eventSource": "bedrock.amazonaws.com",
            "eventName": "Converse",
            "requestParameters": {"modelId": model},
            "responseElements": None,
            "additionalEventData": {
                "inferenceRegion": region,
                "inputTokens": chance.randrange(10, 8000),
                "outputTokens": chance.randrange(1, 900),
            },
        }
    else:
        service, name, asked = OTHERS[number % len(OTHERS)]
        asked = json.loads(json.dumps(asked).replace("{n}", str(chance.randrange(1000))))
        record |= {
            "eventSource": service,
            "eventName": name,
            "requestParameters": asked,
            "responseElements": {"x-amz-id-2": f"{chance.getrandbits(256):064x}"},
            "resources": [
                {"accountId": "111122223333", "type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::models-{number}"}
            ],
        }
    return json.dumps(record, separators=(",", ":"))


def _common(chance: random.Random, region: str, at: datetime) -> dict[str, Any]:
    worker = chance.randrange(200)
    arn = f"arn:aws:sts::111122223333:assumed-role/worker-{worker}/session-{chance.randrange(10**6)}"
    issuer = f"arn:aws:iam::111122223333:role/worker-{worker}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE{worker:05d}:session",
            "arn": arn,
            "accountId": "111122223333",
            "accessKeyId": f"ASIA{chance.getrandbits(64):016X}",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": f"AROAEXAMPLE{worker:05d}", "arn": issuer},
                "attributes": {"creationDate": f"{at:%Y-%m-%dT00:00:00Z}", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "awsRegion": region,
        "sourceIPAddress": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
        "userAgent": "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.9",
        "requestID": f"{chance.getrandbits(128):032x}",
        "eventID": f"{chance.getrandbits(128):032x}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "x",
        },
    }
