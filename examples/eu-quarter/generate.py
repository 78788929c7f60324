"""Write the evidence of a bank's second quarter of 2025 and the sealed bundle of the first, or a variant of them.

Usage: generate.py [--variant NAME] [--into FOLDER]. Rows follow from a seed. The earlier bundle comes from a real audit
of the first quarter under keys made for it, so its signatures differ from run to run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.keys import make_keys
from flows.pipeline import run_audit
from flows.wiring import Request, prepare

HERE = Path(__file__).parent
SEED = 20250401
VENDOR, OFFICE = "Example AI, PBC", "Acme Bank SE internal audit"
SYSTEMS = {"inference-log": "log", "safety-log": "abuse-log"}
REGIONS = ("eu-central-1", "eu-west-1", "eu-west-3", "eu-north-1")
START, DAYS, CALLS_A_DAY = datetime(2025, 1, 1, tzinfo=UTC), 181, 20
FIRST_SEALED = datetime(2025, 4, 10, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = list[dict[str, Any]]
World = dict[str, Rows]


def compliant() -> World:
    """Return rows of both quarters that keep every promise; nobody reported an incident, and the vendor denies any."""
    rng = random.Random(SEED)
    calls = sorted(START + timedelta(seconds=rng.randrange(DAYS * 86_400)) for _ in range(DAYS * CALLS_A_DAY))
    per_day = [0] * DAYS
    for moment in calls:
        per_day[(moment - START).days] += 1
    return {
        "data_lifecycle": [_kept(s, n, moment, rng) for s in SYSTEMS for n, moment in enumerate(calls)],
        "processing_activity": [_processed(n, moment, rng) for n, moment in enumerate(calls)],
        "system_inventory": [
            {"system_id": s, "kind": kind, "holds_content": True, "in_scope": True} for s, kind in SYSTEMS.items()
        ],
        "usage_totals": [
            {
                "meter": "gateway",
                "period_start": START + n * DAY,
                "period_end": START + (n + 1) * DAY,
                "metric": "requests",
                "value": count,
            }
            for n, count in enumerate(per_day)
        ],
        "documents": _documents(),
    }


def _kept(system: str, number: int, captured: datetime, rng: random.Random) -> dict[str, Any]:
    return {
        "system_id": system,
        "record_id": f"req-{number:05d}",
        "content_class": "prompt",
        "captured_at": captured,
        "deleted_at": captured + timedelta(seconds=rng.randrange(60, 86_400)),
        "delete_kind": "hard",
    }


def _processed(number: int, moment: datetime, rng: random.Random) -> dict[str, Any]:
    return {
        "activity_id": f"act-{number:05d}",
        "activity": "process",
        "occurred_at": moment,
        "provider": "aws",
        "region_code": rng.choice(REGIONS),
        "request_id": f"req-{number:05d}",
        "outcome": "ok",
    }


def _documents() -> Rows:
    return [
        _document("attestation", "training-attestation", "2025-01-10", period=("2025-01-01", "2025-12-31"))
        | {"assertions": ["no_training", "no_exposure"]},
        _document("assurance", "audit-report", "2025-03-14", "Independent Assurance LLP", ("2024-03-01", "2025-02-28"))
        | {"opinion": "unqualified", "assertions": ["no_training", "no_exposure"]},
        _document("soc2", "soc2", "2025-05-15", "Independent Assurance LLP", ("2024-04-01", "2025-03-31"))
        | {"report_type": "2", "criteria": ["security", "confidentiality"], "opinion": "unqualified"},
        _document("bridge", "bridge-letter", "2025-07-02", period=("2025-04-01", "2025-06-30")),
        _document("iso27001", "iso27001", "2023-09-01", "Certifier GmbH")
        | {
            "edition": "2022",
            "expires_on": "2026-08-31",
            "status": "active",
            "status_checked_at": "2025-07-03T09:00:00Z",
            "accreditation_body": "DAkkS",
            "surveillance_audit_on": "2024-09-15",
            "received_at": "2025-07-03T09:00:00Z",
        },
        _document("no-incident", "negative-statement", "2025-07-01", period=("2025-01-01", "2025-06-30"))
        | {"assertions": ["no_incident"]},
    ]


def _document(
    name: str, kind: str, issued_on: str, issuer: str = VENDOR, period: tuple[str, str] | None = None
) -> dict[str, Any]:
    return {
        "document_id": name,
        "kind": kind,
        "issuer": issuer,
        "holder_entity": VENDOR,
        "services": ["api"],
        "issued_on": issued_on,
        "period_start": period[0] if period else None,
        "period_end": period[1] if period else None,
        "file": f"{name}.txt",
        "received_at": f"{issued_on}T12:00:00Z",
        "signature": "valid",
    }


def _of(world: World, document: str) -> dict[str, Any]:
    return next(d for d in world["documents"] if d["document_id"] == document)


def type_one(world: World) -> None:
    """The SOC 2 report is of Type I: a design on one day of the quarter."""
    _of(world, "soc2").update(report_type="1", period_start="2025-04-30", period_end="2025-04-30")


def suspended(world: World) -> None:
    """The register shows the certificate suspended from 10 to 28 May and active again."""
    gap = {"status": "suspended", "period_start": "2025-05-10", "period_end": "2025-05-28"}
    world["documents"].append(_of(world, "iso27001") | gap | {"document_id": "iso27001-may"})


def late_notice(world: World) -> None:
    """The vendor knew at 08:00 UTC on 2 May and said so 25.5 hours later."""
    world["documents"] = [d for d in world["documents"] if d["document_id"] != "no-incident"]
    told = {"channel": "e-mail", "sender": "security@example.com", "incident_id": "inc-1"}
    world["incidents"] = [
        {
            "incident_id": "inc-1",
            "occurred_at": "2025-05-02T06:00:00Z",
            "vendor_aware_at": "2025-05-02T08:00:00Z",
            "customer_aware_at": "2025-05-03T09:30:00Z",
            "reported_by": "vendor",
            "severity": "high",
            "data_classes": ["prompt"],
            "personal_data": True,
        }
    ]
    facts = ["nature", "categories", "counts", "cause", "consequences", "measures", "contact"]
    world["notices"] = [
        told | {"notice_id": "n-1", "kind": "breach", "received_at": "2025-05-03T09:30:00Z", "fields": ["nature"]},
        told | {"notice_id": "n-2", "kind": "incident-report", "received_at": "2025-05-04T10:00:00Z", "fields": facts},
    ]


def edit_a_verdict(folder: Path) -> None:
    """One verdict of the earlier bundle is edited, one byte for another."""
    bundle = next((folder / "earlier").glob("*.zip"))
    sealed = bundle.read_bytes()
    bundle.write_bytes(sealed.replace(b'"status":"unproven"', b'"status":"breached"', 1))


def sign_again(folder: Path) -> None:
    """The earlier bundle was made again from other evidence, and sealed by a key that nobody knows."""
    world = compliant()
    world["data_lifecycle"][0]["deleted_at"] = world["data_lifecycle"][0]["captured_at"] + 2 * DAY
    forged = folder / "forged"
    _engagement(world, forged)
    _seal_first_quarter(forged)
    shutil.rmtree(folder / "earlier")
    (forged / "earlier").rename(folder / "earlier")
    shutil.rmtree(forged)


#: Each variant: what is done to the rows, to the folder, and which clauses then differ from the compliant quarter.
VARIANTS: dict[str, tuple[Callable[[World], None], Callable[[Path], None], dict[str, str]]] = {
    "compliant": (lambda _: None, lambda _: None, {}),
    "type-one": (type_one, lambda _: None, {"ATT-SOC2": "breached"}),
    "suspended": (suspended, lambda _: None, {"ATT-ISO": "breached"}),
    "late-notice": (late_notice, lambda _: None, {"INC-24H": "breached"}),
    "verdict-edited": (lambda _: None, edit_a_verdict, {"AUD-SEAL": "breached"}),
    "signed-again": (lambda _: None, sign_again, {"AUD-SEAL": "breached"}),
}
COMPLIANT = {
    "RET-24H": "met",
    "TRN-NONE": "met",
    "RES-EU": "met",
    "ATT-SOC2": "met",
    "ATT-ISO": "met",
    "INC-24H": "not_exercised",
    "AUD-SEAL": "met",
}


def _engagement(world: World, folder: Path) -> None:
    for name in ("contract.yaml", "audit.yaml"):
        if folder != HERE:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HERE / name, folder / name)
    for name in ("evidence", "earlier", "keys"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    make_keys(folder / "keys", OFFICE, FIRST_SEALED, life=timedelta(days=20 * 365))  # the example is run in any year
    for document in world["documents"]:
        text = f"{document['file']}: a document of the example, signed by {document['issuer']}.\n".encode()
        (folder / "evidence" / document["file"]).write_bytes(text)
        document["file_sha256"] = hashlib.sha256(text).hexdigest()
    for name, rows in world.items():
        lines = [json.dumps({k: v.isoformat() if isinstance(v, datetime) else v for k, v in r.items()}) for r in rows]
        (folder / "evidence" / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))


def _seal_first_quarter(folder: Path) -> None:
    request = Request(str(folder), period="2025-Q1", as_of=FIRST_SEALED.isoformat(), out=str(folder / "sealing"))
    prepared = prepare(request, now=lambda: FIRST_SEALED)
    run_audit(prepared.engagement, prepared.run, prepared.sealer)
    (folder / "earlier").rmdir()
    (folder / "sealing").rename(folder / "earlier")


def generate(variant: str, into: Path | None = None, first: Path | None = None) -> Path:
    """Write one variant and return the engagement's folder, with keys and the earlier bundle in it.

    `first` is an engagement written before, whose keys and earlier bundle are then taken over.
    """
    change_rows, change_folder, _ = VARIANTS[variant]
    folder = into or HERE
    world = compliant()
    change_rows(world)
    _engagement(world, folder)
    if first is None:
        _seal_first_quarter(folder)
    else:
        for name in ("keys", "earlier"):
            shutil.rmtree(folder / name)
            shutil.copytree(first / name, folder / name)
    change_folder(folder)
    return folder


def expected(variant: str) -> dict[str, str]:
    """Return the status each clause must have."""
    return COMPLIANT | VARIANTS[variant][2]


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="compliant")
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    print(generate(arguments.variant, arguments.into))  # noqa: T201 - a script's result


if __name__ == "__main__":
    _main()
