"""Write the evidence of an exit in spring 2025: notice, fee, export, certified deletion and the quote that was refused.

Usage: generate.py [--variant NAME] [--into FOLDER]. Without --into the evidence goes beside the contract; with it, a
whole engagement is written. Money is in cents, prices in millionths of a euro.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VENDOR = "Example AI, PBC"
RECORDS = 5_210_334
IN_BACKUP = 1_204_118
MONTHS = 12
Rows = list[dict[str, Any]]
World = dict[str, Rows]


def compliant() -> World:
    """Return rows that keep every promise."""
    return _notice() | _departure() | _renewal()


def _notice() -> World:
    return {
        "terminations": [
            {
                "termination_id": "notice-1",
                "given_by": "customer",
                "ground": "convenience",
                "sent_on": "2025-02-27",
                "received_on": "2025-03-01",
                "effective_on": "2025-04-30",
            }
        ],
        "invoice_lines": [
            _line("inv-04", "fee", 85_000_000, "2025-04-01"),
            _line("inv-05", "termination-fee", 255_000_000, "2025-05-05") | {"termination_id": "notice-1"},
        ],
        "log_totals": [
            {
                "meter": "accounts payable",
                "log": "invoice_lines",
                "period_start": "2025-04-01T00:00:00Z",
                "period_end": "2025-07-01T00:00:00Z",
                "value": 2,
            }
        ],
    }


def _departure() -> World:
    export = _digest("the exported conversation logs")
    return {
        "export_jobs": [
            {
                "export_id": "export-1",
                "requested_at": "2025-04-30T08:00:00Z",
                "systems": ["conversation-log"],
                "data_from": "2024-05-01",
                "data_to": "2025-04-30",
                "delivered_at": "2025-05-09T15:30:00Z",
                "format": "jsonl",
                "records": RECORDS,
                "stated_sha256": export,
                "received_sha256": export,
            }
        ],
        "system_inventory": [
            {"system_id": "conversation-log", "kind": "log", "holds_content": True, "in_scope": True},
            {"system_id": "backup", "kind": "backup", "holds_content": True, "in_scope": True},
        ],
        "usage_totals": [*_totals("conversation-log", RECORDS), *_totals("backup", IN_BACKUP)],
        "deletion_triggers": [{"trigger_id": "exit-1", "trigger": "exit", "occurred_at": "2025-04-30T22:00:00Z"}],
        "deletion_certificates": [_certificate()],
        "access_events": [_session("session-1", "2025-04-11T09:00:00Z", "2025-04-11T09:40:00Z")],
    }


def _renewal() -> World:
    return {
        "price_lines": [
            {
                "card_id": "card-2024",
                "line": "output",
                "unit": "1M tokens",
                "price": "net",
                "currency": "EUR",
                "price_micros": 10_000_000,
                "effective_from": "2024-05-01",
                "effective_to": "2025-04-30",
            }
        ],
        "renewal_quotes": [
            {
                "quote_id": "quote-2025",
                "line": "output",
                "unit": "1M tokens",
                "price": "net",
                "currency": "EUR",
                "price_micros": 10_500_000,
                "quoted_at": "2025-04-02T10:00:00Z",
                "renews_on": "2025-05-01",
            }
        ],
    }


def _line(invoice: str, kind: str, cents: int, day: str) -> dict[str, Any]:
    return {
        "invoice_id": invoice,
        "line_id": "1",
        "kind": kind,
        "amount_minor": cents,
        "currency": "EUR",
        "issued_on": day,
    }


def _totals(system: str, records: int) -> Rows:
    """Spread a number of records over the months of the contract; what does not divide falls into the first."""
    each, rest = divmod(records, MONTHS)
    firsts = [date(2024 + (4 + n) // 12, (4 + n) % 12 + 1, 1) for n in range(MONTHS + 1)]
    return [
        {
            "meter": "gateway",
            "period_start": f"{firsts[n]}T00:00:00Z",
            "period_end": f"{firsts[n + 1]}T00:00:00Z",
            "system_id": system,
            "metric": "records",
            "value": each + (rest if n == 0 else 0),
        }
        for n in range(MONTHS)
    ]


def _certificate() -> dict[str, Any]:
    return {
        "certificate_id": "certificate-1",
        "issuer": VENDOR,
        "trigger": "exit",
        "scope_systems": ["conversation-log", "backup"],
        "data_classes": ["prompt", "output", "derived", "metadata"],
        "data_from": "2024-05-01",
        "data_to": "2025-04-30",
        "record_count": RECORDS + IN_BACKUP,
        "method": "crypto-erase",
        "backups_included": True,
        "subprocessors_included": True,
        "issued_at": "2025-05-21T10:00:00Z",
        "file_sha256": _digest("the certificate of deletion"),
        "signature": "valid",
    }


def _session(name: str, begins: str, ends: str) -> dict[str, Any]:
    return {
        "event_id": name,
        "principal": "engineer-1",
        "principal_org": VENDOR,
        "purpose": "support",
        "object": "conversation-log",
        "started_at": begins,
        "ended_at": ends,
    }


def fee_too_high(world: World) -> None:
    """The invoice for the termination is about 3,400,000.00 euros."""
    world["invoice_lines"][1]["amount_minor"] = 340_000_000


def export_short(world: World) -> None:
    """The export holds 5,190,000 of 5,210,334 records, and then everything is deleted."""
    world["export_jobs"][0]["records"] = 5_190_000


def quote_too_high(world: World) -> None:
    """The quote is 10.60 against a prior price of 10.00."""
    world["renewal_quotes"][0]["price_micros"] = 10_600_000


#: Each variant with what it must give for (EXIT-60D, EXP-ALL, DEL-CERT, REN-CAP).
VARIANTS: dict[str, tuple[Callable[[World], None], tuple[str, str, str, str]]] = {
    "compliant": (lambda _: None, ("met", "met", "met", "met")),
    "fee-too-high": (fee_too_high, ("breached", "met", "met", "met")),
    "export-short": (export_short, ("met", "breached", "met", "met")),
    "quote-too-high": (quote_too_high, ("met", "met", "met", "breached")),
}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def generate(variant: str, into: Path | None = None) -> Path:
    """Write one variant and return the engagement's folder."""
    world = compliant()
    VARIANTS[variant][0](world)
    folder = into or HERE
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        for name in ("contract.yaml", "audit.yaml"):
            shutil.copyfile(HERE / name, into / name)
    shutil.rmtree(folder / "evidence", ignore_errors=True)
    (folder / "evidence").mkdir(parents=True)
    for name, rows in world.items():
        (folder / "evidence" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="compliant")
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    print(generate(arguments.variant, arguments.into))  # noqa: T201 - a script's result


if __name__ == "__main__":
    _main()
