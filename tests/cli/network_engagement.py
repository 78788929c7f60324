"""An engagement whose evidence lies with vendors and in AWS, for tests of what is said and asked before an audit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.keys import make_keys
from tests.cli.engagements import RESIDENCY
from tests.infra.anthropic_server import ORG

SECRETS = {
    "COMPLIANCE_KEY": "sk-ant-compliance-not-to-be-seen",
    "ADMIN_KEY": "sk-ant-admin-not-to-be-seen",
    "OPENAI_ADMIN_KEY": "sk-openai-not-to-be-seen",
}
ZERO = """\
  ZDR:
    kind: zero-data-retention
    clause: DPA §4.3 p.8
    severity: major
    minimum_assurance: audited
    scopes: [workspace/default]
    snapshot_every: 24h
    content: [prompt, output]
    eligibility: anthropic
  SEAT:
    kind: advisory-board-seat
    clause: DPA §15.2 p.19
    severity: minor
"""


def write(folder: Path, vendor: str = "https://api.anthropic.com", openai: str = "https://api.openai.com") -> Path:
    """Write the engagement with keys; the two are the addresses of the vendors."""
    folder.mkdir(parents=True)
    (folder / "contract.yaml").write_text(RESIDENCY + ZERO)
    sources: list[dict[str, Any]] = [
        {
            "kind": "anthropic",
            "organization": ORG,
            "credential": "COMPLIANCE_KEY",
            "admin_credential": "ADMIN_KEY",
            "reads": ["activities", "settings", "workspaces", "usage"],
            "endpoint": vendor,
        },
        {"kind": "openai", "organization": "org-acme", "credential": "OPENAI_ADMIN_KEY", "endpoint": openai},
        {
            "kind": "cloudtrail",
            "bucket": "genai-audit",
            "accounts": ["111122223333"],
            "regions": ["eu-central-1"],
            "trail": "audit",
        },
        {"kind": "files", "path": "evidence"},
        {
            "kind": "s3",
            "account": "111122223333",
            "buckets": [{"name": "genai-audit", "content": ["prompt"]}],
            "region": "eu-central-1",
        },
    ]
    (folder / "evidence").mkdir()
    (folder / "evidence/usage_totals.csv").write_text("meter,period_start,period_end,metric,value\n")
    audit = {"probity": "audit/v1", "sources": sources, "signer": {"kind": "local", "keys": "keys/private"}}
    (folder / "audit.yaml").write_text(json.dumps(audit | {"store": {"kind": "folder", "path": "bundles"}}))
    make_keys(folder / "keys", "test seal", datetime.now(UTC))
    return folder
