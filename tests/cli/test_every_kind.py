"""A contract with a clause of every kind, most without evidence: nothing is left out, nothing is taken as kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.commitments import discover
from evidence.keys import make_keys
from evidence.model import Status
from tests.cli.engagements import AUDIT, probity
from tests.metamorphic.desk import base, broken, cases
from tests.world import Rows, write_evidence

KINDS = sorted(discover())
#: Kinds whose evidence is there, none of which says anything against another kind; for every other one it is missing.
SHOWN = (
    "audit-right",
    "cache-purge-interval",
    "encryption-in-transit",
    "evidence-bundle-signing",
    "scheduled-compliance-audit",
)
VIOLATED = "cache-purge-interval"


def engagement(folder: Path, rows: Rows, period: dict[str, str]) -> Path:
    """Write a contract with a clause of every kind beside this evidence."""
    folder.mkdir()
    clauses = {
        f"C{n:02d}": {"kind": kind, "clause": f"DPA §{n} p.1", "severity": "major"} | cases(kind)["terms"]
        for n, kind in enumerate(KINDS)
    }
    contract = {
        "probity": "contract/v1",
        "id": "every-kind",
        "version": 1,
        "customer": {"name": "Acme Bank SE"},
        "vendor": {"name": "Vendor Ltd"},
        "services": ["api"],
        "term": {"from": "2024-01-01", "to": "2027-12-31"},
        "commitments": {name: {k: v for k, v in c.items() if v is not None} for name, c in clauses.items()},
    }
    (folder / "contract.yaml").write_text(json.dumps(contract))
    audit = AUDIT.replace("  - {kind: cloudtrail, path: cloudtrail}\n", "").replace(": 2025-06\n", f": {period}\n")
    (folder / "audit.yaml").write_text(audit)
    write_evidence(folder / "evidence", rows)
    make_keys(folder / "keys", "test seal", datetime.now(UTC))
    return folder


def audited(folder: Path, rows: Rows) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the findings of an audit of June 2025."""
    engagement(folder, rows, "2025-06")
    outcome = probity("audit", folder, "--format", "json")
    assert outcome.code in {1, 3}, outcome.err
    return outcome.code, json.loads(outcome.out)["findings"]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[dict[str, Any]]]:
    rows = {name: listed for kind in SHOWN for name, listed in base(kind).items()}
    return audited(tmp_path_factory.mktemp("every") / "e", rows)


def test_every_clause_is_listed_in_the_order_of_the_contract(honest: tuple[int, list[dict[str, Any]]]) -> None:
    assert [finding["kind"] for finding in honest[1]] == KINDS


def test_a_clause_without_its_evidence_is_unproven(honest: tuple[int, list[dict[str, Any]]]) -> None:
    there = {name for kind in SHOWN for name in base(kind)}
    lacking = {k for k, c in discover().items() if any(n.required and n.family not in there for n in c.needs)}
    assert len(lacking) >= len(KINDS) // 2
    assert {f["status"] for f in honest[1] if f["kind"] in lacking} == {Status.UNPROVEN}


def test_unproven_clauses_end_the_audit_with_three(honest: tuple[int, list[dict[str, Any]]]) -> None:
    assert (honest[0], Status.BREACHED in {finding["status"] for finding in honest[1]}) == (3, False)


def test_one_violation_among_them_ends_it_with_one(tmp_path: Path) -> None:
    rows = {name: listed for kind in SHOWN for name, listed in base(kind).items()}
    code, findings = audited(tmp_path / "e", rows | broken(VIOLATED))
    assert code == 1
    assert {f["kind"] for f in findings if f["status"] == Status.BREACHED} == {VIOLATED}
