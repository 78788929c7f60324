"""Write the evidence of a private instance in Germany for September 2025: 12,000 requests, or a variant of it.

Usage: generate.py [--variant NAME] [--into FOLDER] [--requests N]. Everything follows from the seed, so two runs give
the same bytes. Without --into the evidence goes beside the contract; the variants that are about another contract
write a whole engagement and need it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
SEED = 20250901
REQUESTS = 12_000
START = datetime(2025, 9, 1, tzinfo=UTC)
DAYS = 30
DAY = timedelta(days=1)
END = START + DAYS * DAY
VENDOR, CUSTOMER = "Example AI, PBC", "Example Versicherung AG"
HOME = "eu-central-1"
SYSTEMS = {
    "account-4711": "store",
    "vpc-main": "store",
    "inference-pool": "cache",
    "bucket": "store",
    "vault": "backup",
}
#: What happens once a day beside the requests, and to which system.
DAILY = {"store": "bucket", "backup": "vault", "replicate": "vault", "log": "bucket", "key": "bucket"}
#: Day of the month and the hours in which vendor staff worked; the window opens half an hour before.
SESSIONS = ((3, 9.0, 10.5), (11, 14.0, 15.0), (16, 10.0, 11.5), (24, 8.0, 12.0))
Rows = list[dict[str, Any]]
World = dict[str, Rows]


def compliant(requests: int) -> World:
    """Return rows that keep every promise."""
    rng = random.Random(SEED)
    moments = sorted(START + timedelta(seconds=rng.randrange(DAYS * 86_400)) for _ in range(requests))
    world: World = {
        "processing_activity": [*_processing(moments, rng), *_daily(), *_support()],
        "usage_totals": _requests_a_day(moments),
        "system_inventory": [
            {"system_id": s, "kind": kind, "holds_content": True, "in_scope": True, "region_code": HOME}
            for s, kind in SYSTEMS.items()
        ],
        "region_catalogue": [
            {"provider": "aws", "region_code": HOME, "country": "DE", "partition": "aws"},
            {"provider": "aws", "region_code": "eu-west-1", "country": "IE", "partition": "aws"},
        ],
        "tenancy": [
            {
                "resource_id": s,
                "tenant_id": "insurer",
                "isolation": "dedicated",
                "observed_at": START + n * DAY + DAY / 2,
            }
            for s in SYSTEMS
            for n in range(DAYS)
        ],
        "replication_configs": [_rule(HOME, n) for n in range(DAYS)],
        "documents": [_attestation()],
        "egress_flows": list(_flows(rng)),
        "consents": [],
    }
    world["access_events"], world["approvals"] = _sessions()
    world["log_totals"] = [
        {"meter": meter, "log": log, "period_start": START, "period_end": END, "value": len(world[log])}
        for meter, log in (("bastion", "access_events"), ("firewall", "egress_flows"))
    ]
    return world


def _processing(moments: list[datetime], rng: random.Random) -> Iterator[dict[str, Any]]:
    for number, moment in enumerate(moments):
        yield _activity(f"req-{number:06d}", "process", moment, "inference-pool") | {
            "request_id": f"q-{number:06d}",
            "input_tokens": 200 + rng.randrange(900),
            "output_tokens": 20 + rng.randrange(400),
        }


def _daily() -> Iterator[dict[str, Any]]:
    for activity, system in DAILY.items():
        for n in range(DAYS):
            yield _activity(f"{activity}-{n:02d}", activity, START + n * DAY + DAY / 8, system)


def _support() -> Iterator[dict[str, Any]]:
    for day, begins, _ in SESSIONS:
        yield _activity(f"support-{day:02d}", "support_access", _hour(day, begins), "vpc-main")


def _activity(name: str, activity: str, moment: datetime, system: str) -> dict[str, Any]:
    return {
        "activity_id": name,
        "activity": activity,
        "occurred_at": moment,
        "provider": "aws",
        "region_code": HOME,
        "resource_id": system,
        "request_id": None,
        "outcome": "ok",
        "input_tokens": None,
        "output_tokens": None,
    }


def _requests_a_day(moments: list[datetime]) -> Rows:
    counts = Counter((moment - START).days for moment in moments)
    days = [(START + n * DAY, START + (n + 1) * DAY, counts[n]) for n in range(DAYS)]
    return [
        {"meter": "gateway", "period_start": start, "period_end": end, "metric": "requests", "value": count}
        for start, end, count in days
    ]


def _hour(day: int, hour: float) -> datetime:
    return START + (day - 1) * DAY + timedelta(hours=hour)


def _sessions() -> tuple[Rows, Rows]:
    events: Rows = []
    approvals: Rows = []
    for number, (day, begins, ends) in enumerate(SESSIONS, start=1):
        approvals.append(
            {
                "approval_id": f"approval-{number}",
                "approver": f"officer-{number}",
                "approver_org": CUSTOMER,
                "granted_at": _hour(day, begins - 2),
                "valid_from": _hour(day, begins - 0.5),
                "valid_to": _hour(day, begins + 2 if ends <= begins + 2 else ends),
                "scope": "vpc-main",
            }
        )
        events.append(
            {
                "event_id": f"session-{number}",
                "principal": f"engineer-{number}",
                "principal_org": VENDOR,
                "purpose": "maintenance",
                "object": "vpc-main",
                "started_at": _hour(day, begins),
                "ended_at": _hour(day, ends),
                "approval_id": f"approval-{number}",
            }
        )
    return events, approvals


def _flows(rng: random.Random) -> Iterator[dict[str, Any]]:
    for hour in range(DAYS * 24):
        yield {
            "flow_id": f"flow-{hour:04d}",
            "destination": "metrics.example",
            "sent_at": START + timedelta(hours=hour, minutes=7),
            "bytes": 200 + rng.randrange(300),
            "process": "exporter",
            "fields": ["latency", "status"],
        }


def _rule(region: str, day: int) -> dict[str, Any]:
    return {
        "rule_id": f"bucket-to-{region}",
        "resource_id": "bucket",
        "provider": "aws",
        "region_code": region,
        "enabled": True,
        "observed_at": START + day * DAY + DAY / 4,
    }


def _attestation() -> dict[str, Any]:
    return {
        "document_id": "tenancy-2025-09",
        "kind": "tenancy-attestation",
        "issuer": VENDOR,
        "holder_entity": VENDOR,
        "services": ["private-instance"],
        "assertions": ["dedicated_hosts"],
        "period_start": "2025-09-01",
        "period_end": "2025-09-30",
        "issued_on": "2025-10-01",
        "file": "tenancy-2025-09.txt",
        "received_at": datetime(2025, 10, 2, 9, tzinfo=UTC),
        "signature": "valid",
    }


def ireland(world: World) -> None:
    """One request is processed in Ireland."""
    world["processing_activity"][0]["region_code"] = "eu-west-1"


def rule_abroad(world: World) -> None:
    """A replication rule points to us-east-1, and no object was replicated yet."""
    world["replication_configs"] += [_rule("us-east-1", n) for n in range(20, DAYS)]


def late_session(world: World) -> None:
    """A session from 10:00 to 12:30, with an approval from 09:30 to 12:00."""
    world["access_events"][2]["ended_at"] = _hour(16, 12.5)


def null_regions(world: World) -> None:
    """The region is null on 7 % of the requests."""
    requests = [r for r in world["processing_activity"] if r["activity"] == "process"]
    for record in requests[: len(requests) * 7 // 100]:
        record["region_code"] = None


#: Each variant: what happens, what the contract says instead, and what it must give for (RES-DE, TEN-DED, ACC-APPR,
#: XFR-CONS, TEL-BND).
Change = tuple[str, str]
VARIANTS: dict[str, tuple[Callable[[World], None], tuple[Change, ...], tuple[str, ...]]] = {
    "compliant": (lambda _: None, (), ("met", "met", "met", "met", "met")),
    "ireland": (ireland, (), ("breached", "met", "met", "breached", "met")),
    "ireland-eu-contract": (ireland, (("allowed: [DE]", "allowed: EU"),), ("met", "met", "met", "met", "met")),
    "rule-forbidden": (rule_abroad, (), ("breached", "met", "met", "met", "met")),
    "rule-unstated": (
        rule_abroad,
        (("    replication_rules: forbidden\n", ""),),
        ("unproven", "met", "met", "met", "met"),
    ),
    "late-session": (late_session, (), ("met", "met", "breached", "met", "met")),
    "null-regions": (null_regions, (), ("unproven", "met", "met", "unproven", "met")),
}


def write(world: World, folder: Path) -> None:
    """Write the activities as Parquet and everything else as JSON lines."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for document in world["documents"]:
        text = f"{document['document_id']}: a document of the example, signed by {document['issuer']}.\n".encode()
        (folder / document["file"]).write_bytes(text)
        document["file_sha256"] = hashlib.sha256(text).hexdigest()
    for name, rows in world.items():
        if name == "processing_activity":
            pq.write_table(_table(rows), folder / f"{name}.parquet", compression="zstd")
        elif rows:
            lines = [json.dumps({k: _text(v) for k, v in row.items()}) + "\n" for row in rows]
            (folder / f"{name}.jsonl").write_text("".join(lines))


def _table(rows: Rows) -> pa.Table:
    kinds = {"occurred_at": pa.timestamp("us", tz="UTC"), "input_tokens": pa.int64(), "output_tokens": pa.int64()}
    return pa.Table.from_pylist(rows, schema=pa.schema([(k, kinds.get(k, pa.string())) for k in rows[0]]))


def _text(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def generate(variant: str, into: Path | None = None, requests: int = REQUESTS) -> Path:
    """Write one variant and return the engagement's folder."""
    change, contract, _ = VARIANTS[variant]
    world = compliant(requests)
    change(world)
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / "audit.yaml", into / "audit.yaml")
        text = (HERE / "contract.yaml").read_text("utf-8")
        for old, new in contract:
            text = text.replace(old, new)
        (into / "contract.yaml").write_text(text, "utf-8")
    folder = into or HERE
    write(world, folder / "evidence")
    return folder


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="compliant")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    arguments = parser.parse_args()
    if VARIANTS[arguments.variant][1] and arguments.into is None:
        parser.error("this variant is about another contract: name a folder with --into")
    print(generate(arguments.variant, arguments.into, arguments.requests))  # noqa: T201 - a script's result


if __name__ == "__main__":
    _main()
