"""Write a CloudTrail folder in the delivered layout for October 2026, and the documents beside it.

Usage: generate.py [--variant mixed|inside] [--into FOLDER]. `mixed` holds every trap of Bedrock residency: re-routed,
throttled, blocked and denied calls, London and Zurich, a region that does not exist, and a missing inferenceRegion.
`inside` holds only calls that stay in the European Union. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEED = 20261001
ACCOUNT = "111122223333"
START = datetime(2026, 10, 1, tzinfo=UTC)
CALLS_A_DAY = 120
DAYS = 31
MODEL = "anthropic.claude-sonnet-4-6"
INSIDE = ("eu-central-1", "eu-west-1", "eu-west-3", "eu-north-1", "eu-south-1", "eu-south-2")
Event = dict[str, Any]

#: Each variant with what it must give for (RES-EU, ATT-SOC2, ATT-ISO, ADV-SEAT).
VARIANTS = {
    "mixed": ("breached", "met", "met", "unproven"),
    "inside": ("met", "met", "met", "unproven"),
}


def _event(number: int, moment: datetime, name: str, region: str, source: str = "bedrock.amazonaws.com") -> Event:
    seed = hashlib.sha256(f"{SEED}/{number}/{name}".encode()).hexdigest()
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/claims-bedrock/claims-svc",
            "accountId": ACCOUNT,
        },
        "eventTime": moment.isoformat().replace("+00:00", "Z"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "requestID": f"{seed[:8]}-{seed[8:12]}",
        "eventID": f"{seed[:8]}-{seed[8:12]}-4{seed[13:16]}-8{seed[17:20]}-{seed[20:32]}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }


def _call(
    number: int, moment: datetime, region: str, model: str, ran_in: str | None = None, error: str | None = None
) -> Event:
    event = _event(number, moment, "Converse" if number % 3 else "InvokeModel", region)
    event["requestParameters"] = {"modelId": model}
    if error is not None:
        event |= {"errorCode": error, "errorMessage": "The request was not processed."}
    else:
        event["additionalEventData"] = {"inputTokens": 300 + number % 97, "outputTokens": 40 + number % 31}
        if ran_in is not None:
            event["additionalEventData"]["inferenceRegion"] = ran_in
    return event


def _ordinary(rng: random.Random) -> Iterator[Event]:
    number = 0
    for day in range(DAYS):
        for _ in range(CALLS_A_DAY):
            number += 1
            moment = START + timedelta(days=day, seconds=rng.randrange(86_400))
            kind = rng.random()
            if kind < 0.90:
                yield _call(number, moment, "eu-central-1", f"eu.{MODEL}", ran_in=rng.choice(INSIDE))
            elif kind < 0.94:
                yield _call(number, moment, "eu-central-1", f"eu.{MODEL}", error="ThrottlingException")
            elif kind < 0.97:
                yield _call(number, moment, rng.choice(INSIDE), MODEL)
            else:
                event = _event(number, moment, "CreateInference", "eu-central-1", "bedrock-mantle.amazonaws.com")
                yield event | {"requestParameters": {"model": MODEL}, "managementEvent": False, "eventCategory": "Data"}


def _traps() -> Iterator[Event]:
    noon = START + timedelta(days=14, hours=12)
    blocked = _call(900_001, noon, "eu-central-1", f"eu.{MODEL}")
    blocked["additionalEventData"] = {"amazon-bedrock-guardrailAction": "INTERVENED"}
    yield blocked
    yield _call(900_002, noon, "us-east-1", MODEL, error="AccessDeniedException")
    yield _call(900_003, noon, "eu-central-1", f"global.{MODEL}", ran_in="us-east-2")
    yield _call(900_004, noon, "eu-central-1", f"global.{MODEL}", ran_in="eu-west-1")
    yield _call(900_005, noon, "eu-west-2", MODEL)  # London
    yield _call(900_006, noon, "eu-central-2", MODEL)  # Zurich
    yield _call(900_007, noon, "megov-northeast-1r", MODEL)  # no such region
    yield _call(900_008, noon, "eu-central-1", f"eu.{MODEL}")  # ran, but nothing says where


def _bystanders() -> Iterator[Event]:
    for day in range(DAYS):
        moment = START + timedelta(days=day, hours=3)
        yield _event(800_000 + day, moment, "GetObject", "eu-central-1", "s3.amazonaws.com")
        yield _event(810_000 + day, moment, "ListFoundationModels", "eu-central-1")
    change = _event(820_000, START + timedelta(days=3), "PutAccountDataRetention", "eu-central-1")
    yield change | {"requestParameters": {"mode": "none"}, "readOnly": False}


def write_trail(calls: list[Event], others: list[Event], folder: Path) -> None:
    """Write one gzip file an hour and region, and deliver one of them twice, as CloudTrail may."""
    shutil.rmtree(folder, ignore_errors=True)
    by_file: dict[str, list[Event]] = {}
    for event in sorted([*calls, *others], key=lambda e: (e["eventTime"], e["eventID"])):
        moment = datetime.fromisoformat(event["eventTime"])
        place = f"AWSLogs/{ACCOUNT}/CloudTrail/{event['awsRegion']}/{moment:%Y/%m/%d}"
        name = f"{ACCOUNT}_CloudTrail_{event['awsRegion']}_{moment:%Y%m%dT%H}00Z"
        by_file.setdefault(f"{place}/{name}_{hashlib.sha256(name.encode()).hexdigest()[:16]}.json.gz", []).append(event)
    for path, events in by_file.items():
        _gzip({"Records": events}, folder / path)
    path, events = next(iter(by_file.items()))
    _gzip({"Records": events}, folder / path.replace(".json.gz", "b.json.gz"))


def _gzip(document: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write(json.dumps(document, separators=(",", ":")).encode())
    path.write_bytes(raw.getvalue())


def write_evidence(calls: list[Event], folder: Path) -> None:
    """Write the gateway's own request counts and the documents."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    counts = [0] * DAYS
    for call in calls:
        counts[(datetime.fromisoformat(call["eventTime"]) - START).days] += 1
    lines = ["meter,period_start,period_end,metric,value"]
    for n, count in enumerate(counts):
        start, end = START + timedelta(days=n), START + timedelta(days=n + 1)
        lines.append(f"gateway,{start:%Y-%m-%d}T00:00:00Z,{end:%Y-%m-%d}T00:00:00Z,requests,{count}")
    (folder / "usage_totals.csv").write_text("\n".join(lines) + "\n")
    rows = []
    for document in _documents():
        text = f"{document['document_id']}: a document of the example, signed by {document['issuer']}.\n".encode()
        (folder / document["file"]).write_bytes(text)
        rows.append(json.dumps(document | {"file_sha256": hashlib.sha256(text).hexdigest()}) + "\n")
    (folder / "documents.jsonl").write_text("".join(rows))


def _documents() -> list[dict[str, Any]]:
    vendor = "Example AI, PBC"
    common = {"holder_entity": vendor, "services": ["api"], "signature": "valid"}
    return [
        common
        | {
            "document_id": "soc2-2026",
            "kind": "soc2",
            "issuer": "Audit LLP",
            "report_type": "2",
            "criteria": ["security", "availability", "confidentiality"],
            "opinion": "unqualified",
            "period_start": "2025-10-01",
            "period_end": "2026-09-30",
            "issued_on": "2026-10-28",
            "file": "soc2-2026.txt",
            "received_at": "2026-10-30T10:00:00Z",
        },
        common
        | {
            "document_id": "bridge-2026-10",
            "kind": "bridge-letter",
            "issuer": vendor,
            "period_start": "2026-10-01",
            "period_end": "2026-10-31",
            "issued_on": "2026-11-02",
            "file": "bridge-2026-10.txt",
            "received_at": "2026-11-03T10:00:00Z",
        },
        common
        | {
            "document_id": "iso-2024",
            "kind": "iso27001",
            "issuer": "Certifier GmbH",
            "edition": "2022",
            "issued_on": "2024-05-01",
            "expires_on": "2027-04-30",
            "status": "active",
            "status_checked_at": "2026-11-02T09:00:00Z",
            "accreditation_body": "DAkkS",
            "surveillance_audit_on": "2026-04-20",
            "file": "iso-2024.txt",
            "received_at": "2026-11-02T09:00:00Z",
        },
    ]


def generate(variant: str, into: Path | None = None) -> Path:
    """Write one variant and return the engagement's folder."""
    calls = list(_ordinary(random.Random(SEED)))
    if variant == "mixed":
        calls += _traps()
    folder = into or HERE
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        for name in ("contract.yaml", "audit.yaml"):
            shutil.copyfile(HERE / name, into / name)
    write_trail(calls, list(_bystanders()), folder / "cloudtrail")
    write_evidence(calls, folder / "evidence")
    return folder


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="mixed")
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    print(generate(arguments.variant, arguments.into))  # noqa: T201 - a script's result


if __name__ == "__main__":
    _main()
