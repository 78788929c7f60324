"""`probity plan`: what would be fetched, as whom, and what each clause gets and lacks; nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import runner
from tests.cli.network_engagement import SECRETS, write
from tests.flows.test_offline import GUARD, python

PLAN = "import sys; from flows.cli import main; sys.exit(main(['plan', sys.argv[1]]))"


@pytest.fixture
def plan(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    done = runner(capsys)("plan", write(tmp_path / "e"), "--format", "json")
    assert done.code == 0, done.err
    assert not any(secret in done.out + done.err for secret in SECRETS.values())
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_every_endpoint_and_prefix_is_listed_with_who_asks(plan: dict[str, Any]) -> None:
    asked = {fetch["address"]: fetch["identity"] for source in plan["sources"] for fetch in source["fetches"]}
    assert asked["GET https://api.anthropic.com/v1/compliance/activities"] == "COMPLIANCE_KEY"
    assert asked["GET https://api.anthropic.com/v1/organizations/me"] == "ADMIN_KEY"
    assert asked["GET https://api.anthropic.com/v1/organizations/workspaces"] == "ADMIN_KEY"
    assert asked["GET https://api.openai.com/v1/organization/audit_logs"] == "OPENAI_ADMIN_KEY"
    bucket = "s3://genai-audit/AWSLogs/111122223333"
    assert {f"{bucket}/CloudTrail/eu-central-1/", f"{bucket}/CloudTrail-Digest/eu-central-1/"} <= asked.keys()


def test_each_clause_says_what_it_gets_from_which_source_and_what_it_lacks(plan: dict[str, Any]) -> None:
    clauses = {clause["commitment"]: clause for clause in plan["clauses"]}
    got = {supply["family"]: supply["sources"] for supply in clauses["RES-EU"]["evidence"]}
    assert got["processing_activity"] == ["3 cloudtrail", "5 s3"]
    assert got["usage_totals"] == ["4 files"]
    assert clauses["RES-EU"]["lacks"] == []
    assert "settings: no source of it is worth audited, which the clause demands" in clauses["ZDR"]["lacks"]
    assert clauses["SEAT"]["lacks"] == ["a check: none exists for this kind"]


def test_a_family_without_a_file_is_lacking_although_a_folder_could_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "e")
    (folder / "evidence/usage_totals.csv").unlink()
    done = runner(capsys)("plan", folder)
    assert "  lacks usage_totals: no source brings it\n" in done.out


def test_with_the_network_cut_a_plan_is_made_and_nobody_tries_to_connect(tmp_path: Path) -> None:
    done = python(GUARD + PLAN, write(tmp_path / "e"))
    assert done.returncode == 0, done.stderr
    assert "/v1/compliance/activities as COMPLIANCE_KEY" in done.stdout
