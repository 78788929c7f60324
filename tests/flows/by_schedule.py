"""An engagement whose only promise is that its own daily audits run, and audits of it at chosen instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.keys import make_keys
from evidence.model import AuditResult, Finding
from flows.due import standing
from flows.engagement import Engagement, open_engagement
from flows.pipeline import run_audit
from flows.wiring import Request, prepare

CONTRACT = """\
probity: contract/v1
id: own-audits
version: 1
customer: {name: Acme Bank SE}
vendor: {name: Vendor Ltd}
services: [api]
term: {from: 2025-01-01, to: 2027-12-31}
documents:
  DPA: {title: Data Processing Addendum}
commitments:
  AUD-DAILY:
    kind: scheduled-compliance-audit
    clause: DPA §9.1 p.12
    severity: critical
    max_gap: 24h
    schedules: [daily]
"""
AUDIT = """\
probity: audit/v1
sources:
  - {kind: audits}
signer: {kind: local, keys: keys/private}
store: {kind: folder, path: bundles}
breach: {triage: 24h}
schedules:
  zone: UTC
  since: 2026-03-01
  audits:
    daily: {cron: 30 4 * * *, audits: day}
"""
FIRST = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)


def engagement(folder: Path) -> Path:
    """Write the engagement with its keys, and return its folder."""
    folder.mkdir(parents=True)
    (folder / "contract.yaml").write_text(CONTRACT)
    (folder / "audit.yaml").write_text(AUDIT)
    make_keys(folder / "keys", "test seal", datetime(2026, 1, 1, tzinfo=UTC))
    return folder


def opened(folder: Path) -> Engagement:
    """Return the engagement, read again."""
    return open_engagement(folder, lambda _: None)


def slot(number: int) -> datetime:
    """Return the instant of a slot, from 0."""
    return FIRST + timedelta(days=number)


def audit(folder: Path, number: int, late: timedelta = timedelta(minutes=1)) -> AuditResult:
    """Audit a slot's period so much after the slot, as a run that was started then would."""
    now = slot(number) + late
    (filled,) = (f for f in standing(opened(folder), "daily", now).slots if f.slot.at == slot(number))
    start, end = (t.isoformat() for t in (filled.slot.period.start, filled.slot.period.end))
    prepared = prepare(Request(str(folder), start=start, end=end), now=lambda: now)
    return run_audit(prepared.engagement, prepared.run, prepared.sealer).result


def finding(result: AuditResult) -> Finding:
    """Return the one finding."""
    (found,) = result.findings
    return found
