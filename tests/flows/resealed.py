"""Bundles that their own maker sealed with other content: rightly signed, stamped into the ledger, and wrong within."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence.bundle import seal_bundle
from evidence.canonical import canonical_bytes, sha256_hex, strict_json
from evidence.errors import ProbityError
from evidence.manifest import DATA, EXPORTS, FINDINGS, FINDINGS_IN_PDF, REPORT, REPORT_PDF
from evidence.statement import StatementFacts
from flows.pipeline import announce
from flows.wiring import Request, prepare
from tests.cli.engagements import members


def json_of(bundle: Path, name: str) -> Any:
    """Return a member that is JSON."""
    return strict_json(members(bundle)[name], what=name, error=ProbityError)


def resealed(folder: Path, bundle: Path, changes: Mapping[str, bytes | None]) -> Path:
    """Return a new bundle with other members, sealed with the engagement's own keys; None leaves a member out.

    The findings take the digest of the changed contract, so that nothing but judging again shows what was done.
    """
    payload = {n: d for n, d in members(bundle).items() if n.startswith(DATA)}
    payload |= {n: d for n, d in changes.items() if d is not None}
    findings = strict_json(payload[FINDINGS], what=FINDINGS, error=ProbityError)
    assert isinstance(findings, dict)
    if (contract := payload.get("data/contract/contract.yaml")) and FINDINGS not in changes:
        findings["contract"]["sha256"] = sha256_hex(contract)
        payload[FINDINGS] = canonical_bytes(findings)
    digest = sha256_hex(payload[FINDINGS])
    payload |= {REPORT: f"<p>{digest}</p>".encode(), REPORT_PDF: f"%PDF-1.7 {FINDINGS_IN_PDF}{digest}".encode()}
    # Exports of the findings before the change would not verify.
    payload = {n: d for n, d in payload.items() if n not in EXPORTS.values() or n in changes}
    payload = {n.removeprefix(DATA): d for n, d in payload.items() if changes.get(n, b"") is not None}
    prepared = prepare(Request(str(folder)))
    announced = announce(prepared.engagement, prepared.run, prepared.sealer)
    assert announced is not None
    stated = {key: findings[key] for key in ("contract", "period", "as_of", "status")}
    facts = StatementFacts.model_validate(
        stated
        | {
            "run": prepared.run.id,
            "findings_sha256": digest,
            "sealed_at": prepared.run.now(),
            "tool": prepared.engagement.tool,
            "previous": announced.previous(),
            "ledger": announced.logged(),
        }
    )
    out = bundle.with_name(f"again-{prepared.run.id}.zip")
    return seal_bundle(out, payload, facts, prepared.sealer.sealing(prepared.run.now, announced))
