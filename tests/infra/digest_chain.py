"""A trail as AWS delivers it: log files, and hourly digests in a signed chain, made with a key of our own."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.cloudtrail_digests import BACKFILL, Delivered, LogFound

ACCOUNT, REGION, TRAIL, BUCKET = "111122223333", "eu-central-1", "audit", "genai-audit"
START = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@cache
def signing_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_der(number: int = 0) -> bytes:
    return signing_key(number).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def fingerprint(number: int = 0) -> str:
    return hashlib.md5(public_der(number), usedforsecurity=False).hexdigest()


KEYS = {fingerprint(): public_der()}


def text_of(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def log_key(moment: datetime, suffix: str = "AAAAAAAAAAAAAAAA") -> str:
    day, minute = f"{moment:%Y/%m/%d}", f"{moment:%Y%m%dT%H%MZ}"
    return f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day}/{ACCOUNT}_CloudTrail_{REGION}_{minute}_{suffix}.json.gz"


def digest_key(end: datetime, called: str = "") -> str:
    name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{TRAIL}_{REGION}_{end:%Y%m%dT%H%M%SZ}{called}.json.gz"
    return f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/{name}"


def delivered_at(key: str) -> datetime:
    """Return when a log file was delivered: its name says so."""
    return datetime.strptime(key.split("_")[3], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)


def event(number: int, moment: datetime, **more: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "eventID": f"event-{number}",
        "eventTime": text_of(moment),
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse",
        "awsRegion": REGION,
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/claims/svc"},
        "requestParameters": {"modelId": "anthropic.claude-sonnet-4-6"},
        "additionalEventData": {"inferenceRegion": REGION, "inputTokens": 1, "outputTokens": 1},
        "requestID": f"request-{number}",
    } | more


@dataclass
class Trail:
    """So many hours with a log file each; objects by key, and the signatures of digests as their metadata."""

    hours: int = 6
    start: datetime = START
    objects: dict[str, bytes] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    more: tuple[dict[str, Any], ...] = ()  # records in the log file of the third hour

    def __post_init__(self) -> None:
        previous: str | None = None
        for hour in range(self.hours):
            begins = self.start + hour * HOUR
            records = [event(2 * hour + n, begins + timedelta(minutes=5 + n)) for n in range(2)]
            records += self.more if hour == 2 else ()
            log = json.dumps({"Records": records}).encode()
            key = log_key(begins + timedelta(minutes=10))
            self.objects[key] = gzip.compress(log, mtime=0)
            self.logs.append(key)
            previous = self.add_digest(begins, previous, {key: hashlib.sha256(log).hexdigest()})

    def add_digest(
        self, begins: datetime, previous: str | None, logs: dict[str, str], signer: int = 0, called: str = ""
    ) -> str:
        end = begins + HOUR
        key = digest_key(end, called)
        body = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": text_of(begins),
            "digestEndTime": text_of(end),
            "digestS3Bucket": BUCKET,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": fingerprint(signer),
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": BUCKET if previous else None,
            "previousDigestS3Object": previous,
            "previousDigestHashValue": hashlib.sha256(self.inflated(previous)).hexdigest() if previous else None,
            "previousDigestHashAlgorithm": "SHA-256",
            "previousDigestSignature": self.signatures[previous] if previous else None,
            "logFiles": [
                {"s3Bucket": BUCKET, "s3Object": log, "hashValue": value, "hashAlgorithm": "SHA-256"}
                for log, value in logs.items()
            ],
        }
        self.put_digest(key, json.dumps(body).encode(), signer)
        self.digests.append(key)
        return key

    def add_backfill(self, begins: datetime, previous: str | None, moment: datetime) -> tuple[str, str]:
        """Deliver a log file late, and the backfill digest that names it; return both keys."""
        log = json.dumps({"Records": [event(100 + len(self.digests), moment)]}).encode()
        late = log_key(moment, "LATELATELATELATE")
        self.objects[late] = gzip.compress(log, mtime=0)
        named = {late: hashlib.sha256(log).hexdigest()}
        return late, self.add_digest(begins, previous, named, called=BACKFILL)

    def put_digest(self, key: str, body: bytes, signer: int = 0) -> None:
        stated = json.loads(body)
        previous = stated["previousDigestSignature"] or "null"
        text = f"{stated['digestEndTime']}\n{BUCKET}/{key}\n{hashlib.sha256(body).hexdigest()}\n{previous}"
        signature = signing_key(signer).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        self.objects[key], self.signatures[key] = gzip.compress(body, mtime=0), signature.hex()

    def inflated(self, key: str) -> bytes:
        return gzip.decompress(self.objects[key])

    def delivered(self) -> list[Delivered]:
        return [Delivered(key, self.inflated(key), self.signatures[key]) for key in self.digests if key in self.objects]

    def found(self) -> dict[str, LogFound]:
        return {
            key: LogFound(hashlib.sha256(self.inflated(key)).hexdigest(), delivered_at(key))
            for key in self.objects
            if "/CloudTrail/" in key
        }

    @property
    def end(self) -> datetime:
        return self.start + self.hours * HOUR
