"""Write the evidence of the finance firm's June 2025: 48,112 requests in five systems, or a variant of it.

Usage: generate.py [--variant NAME] [--into FOLDER] [--requests N]. Everything follows from the seed, so two runs give
the same bytes. Without --into the evidence goes beside the contract; with it, a whole engagement is written.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
SEED = 20250601
REQUESTS = 48_112
SYSTEMS = {
    "inference-log": "log",
    "safety-log": "abuse-log",
    "app-trace": "trace",
    "prompt-cache": "cache",
    "backup": "backup",
}
START = datetime(2025, 6, 1, tzinfo=UTC)
DAYS = 30
DAY = timedelta(days=1)
Rows = list[dict[str, Any]]
World = dict[str, Rows]


def compliant(requests: int) -> World:
    """Return rows that keep every promise: ages up to 23:59:59, and one of exactly 24:00:00."""
    rng = random.Random(SEED)
    captured = sorted(START + timedelta(seconds=rng.randrange(DAYS * 86_400)) for _ in range(requests))
    lifecycle: Rows = []
    for system in SYSTEMS:
        for number, moment in enumerate(captured):
            age = min(int(rng.lognormvariate(9.9, 0.55)), 86_399)
            lifecycle.append(_record(system, number, moment, moment + timedelta(seconds=age)))
    lifecycle[requests // 2]["deleted_at"] = lifecycle[requests // 2]["captured_at"] + DAY
    hashes = [_digest(f"content {n}") for n in range(requests)]
    return {
        "data_lifecycle": lifecycle,
        "system_inventory": [
            {"system_id": s, "kind": kind, "holds_content": True, "in_scope": True} for s, kind in SYSTEMS.items()
        ],
        "usage_totals": _totals(captured),
        "consents": [],
        "settings": [
            {"setting": "training_opt_out", "scope": "org", "value": "true", "captured_at": START + day * DAY + DAY / 4}
            for day in range(DAYS)
        ],
        "content_hashes": [{"content_hash": h, "captured_at": m} for h, m in zip(hashes, captured, strict=True)],
        "training_manifest": [
            {
                "dataset_id": f"set-{n % 7}",
                "content_hash": _digest(f"foreign {n}"),
                "tenant_id": None,
                "cutoff": datetime(2025, 6, 30, tzinfo=UTC),
            }
            for n in range(500)
        ],
        "canary_probes": [_canary(n, rng) for n in range(50)],
        "documents": _documents(),
    }


def _record(system: str, number: int, captured: datetime, deleted: datetime | None) -> dict[str, Any]:
    return {
        "system_id": system,
        "record_id": f"req-{number:06d}",
        "content_class": "prompt" if number % 2 else "output",
        "captured_at": captured,
        "deleted_at": deleted,
        "delete_kind": "crypto" if system == "backup" else "hard",
        "snapshot_at": None,
        "consent_id": None,
    }


def _totals(captured: list[datetime]) -> Rows:
    counts = [0] * DAYS
    for moment in captured:
        counts[(moment - START).days] += 1
    return [
        {
            "meter": "gateway",
            "period_start": START + n * DAY,
            "period_end": START + (n + 1) * DAY,
            "system_id": None,
            "metric": "requests",
            "value": count,
        }
        for n, count in enumerate(counts)
    ]


def _canary(number: int, rng: random.Random) -> dict[str, Any]:
    return {
        "canary_id": f"canary-{number:02d}",
        "committed_hash": _digest(f"canary {number}"),
        "planted_at": datetime(2025, 5, 1, tzinfo=UTC),
        "model": "example-large",
        "probed_at": datetime(2025, 7, 1, 12, tzinfo=UTC),
        "rank": rng.randrange(2, 100_001),
        "controls": 99_999,
    }


def _documents() -> Rows:
    common = {"holder_entity": "Example AI, PBC", "services": ["api"], "exceptions": [], "signature": "valid"}
    return [
        common
        | {
            "document_id": "attestation-2025",
            "kind": "training-attestation",
            "issuer": "Example AI, PBC",
            "period_start": "2025-01-01",
            "period_end": "2025-12-31",
            "issued_on": "2025-01-10",
            "assertions": ["no_training", "no_exposure"],
            "file": "attestation-2025.txt",
            "received_at": datetime(2025, 1, 12, tzinfo=UTC),
        },
        common
        | {
            "document_id": "audit-2025",
            "kind": "audit-report",
            "issuer": "Independent Assurance LLP",
            "opinion": "unqualified",
            "period_start": "2024-03-01",
            "period_end": "2025-02-28",
            "issued_on": "2025-03-14",
            "assertions": ["no_training", "no_exposure"],
            "file": "audit-2025.txt",
            "received_at": datetime(2025, 3, 20, tzinfo=UTC),
        },
        common
        | {
            "document_id": "audit-2024",
            "kind": "audit-report",
            "issuer": "Independent Assurance LLP",
            "opinion": "unqualified",
            "period_start": "2023-03-01",
            "period_end": "2024-02-29",
            "issued_on": "2024-03-15",
            "assertions": ["no_training", "no_exposure"],
            "file": "audit-2024.txt",
            "received_at": datetime(2024, 3, 20, tzinfo=UTC),
        },
    ]


def _first(world: World, system: str) -> dict[str, Any]:
    return next(r for r in world["data_lifecycle"] if r["system_id"] == system)


def late_trace(world: World) -> None:
    """One app-trace record of age 24:00:01, no hold."""
    record = _first(world, "app-trace")
    record["deleted_at"] = record["captured_at"] + DAY + timedelta(seconds=1)


def late_trace_consented(world: World) -> None:
    """The same record under a live, prior, scoped debug consent."""
    late_trace(world)
    record = _first(world, "app-trace")
    record["consent_id"] = "hold-1"
    world["consents"].append(
        {
            "consent_id": "hold-1",
            "purpose": "debug-hold",
            "granted_by": "Acme Bank SE CISO office",
            "granted_at": START - DAY,
            "expires_at": START + 10 * DAY,
            "scope": f"app-trace/{record['record_id']}",
        }
    )


def daily_sweep(world: World) -> None:
    """A daily sweep that only removes items already older than 24 h: one lives 47:59."""
    record = _first(world, "prompt-cache")
    record["deleted_at"] = record["captured_at"] + timedelta(hours=47, minutes=59)


def backup_unscanned(world: World) -> None:
    """No scan of the backup, and one violating trace record."""
    late_trace(world)
    world["data_lifecycle"] = [r for r in world["data_lifecycle"] if r["system_id"] != "backup"]


def empty_inference_log(world: World) -> None:
    """The export of the inference log is empty while the gateway counted every request."""
    world["data_lifecycle"] = [r for r in world["data_lifecycle"] if r["system_id"] != "inference-log"]


def stale_report(world: World) -> None:
    """The last independent report was issued on 2024-03-15, none since."""
    world["documents"] = [d for d in world["documents"] if d["document_id"] != "audit-2025"]


def trained_on(world: World) -> None:
    """The training manifest contains three of the firm's content hashes, while the attestation says none."""
    for place, entry in enumerate(world["training_manifest"][:3]):
        entry["content_hash"] = world["content_hashes"][place]["content_hash"]


#: Each variant with what it must give for (RET-24H, TRN-NONE).
VARIANTS: dict[str, tuple[Callable[[World], None], tuple[str, str]]] = {
    "compliant": (lambda _: None, ("met", "met")),
    "late-trace": (late_trace, ("breached", "met")),
    "late-trace-consented": (late_trace_consented, ("met", "met")),
    "daily-sweep": (daily_sweep, ("breached", "met")),
    "backup-unscanned": (backup_unscanned, ("breached", "met")),
    "empty-inference-log": (empty_inference_log, ("unproven", "met")),
    "stale-report": (stale_report, ("met", "unproven")),
    "trained-on": (trained_on, ("met", "breached")),
}


def write(world: World, folder: Path) -> None:
    """Write the evidence in the three formats that the files source reads."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("data_lifecycle", "content_hashes"):
        _parquet(world[name], folder / f"{name}.parquet")
    for name in ("system_inventory", "usage_totals", "consents", "training_manifest", "canary_probes"):
        _csv(world[name], folder / f"{name}.csv")
    for document in world["documents"]:
        text = f"{document['document_id']}: a document of the example, signed by {document['issuer']}.\n".encode()
        (folder / document["file"]).write_bytes(text)
        document["file_sha256"] = hashlib.sha256(text).hexdigest()
    for name in ("settings", "documents"):
        lines = [json.dumps({k: _text(v) for k, v in row.items()}) + "\n" for row in world[name]]
        (folder / f"{name}.jsonl").write_text("".join(lines))


def _parquet(rows: Rows, path: Path) -> None:
    instants = pa.timestamp("us", tz="UTC")
    fields = [(k, instants if k.endswith("_at") else pa.string()) for k in rows[0]]
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), path, compression="zstd")


def _csv(rows: Rows, path: Path) -> None:
    columns = list(rows[0]) if rows else ["consent_id", "purpose", "granted_by", "granted_at", "expires_at", "scope"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_text(row[c]) for c in columns] for row in rows)


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def generate(variant: str, into: Path | None = None, requests: int = REQUESTS) -> Path:
    """Write one variant and return the engagement's folder."""
    world = compliant(requests)
    VARIANTS[variant][0](world)
    folder = into or HERE
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        for name in ("contract.yaml", "audit.yaml"):
            shutil.copyfile(HERE / name, into / name)
    write(world, folder / "evidence")
    return folder


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="compliant")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    arguments = parser.parse_args()
    print(generate(arguments.variant, arguments.into, arguments.requests))  # noqa: T201 - a script's result


if __name__ == "__main__":
    _main()
