"""Verdicts recomputed from a bundle alone: the same where they follow from what is sealed, named where they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.canonical import canonical_bytes
from evidence.errors import Terminal
from evidence.manifest import EXPORTS, FINDINGS
from flows.engagement import Engagement
from flows.pipeline import Run, announce, check, conclude, gather, gather_source, seal
from flows.wiring import Request, prepare
from infra.source import Gathered, Source
from tests.cli.commands import Outcome
from tests.cli.engagements import ROOT, audited, bundles, call, edit, firm, members, probity, trail
from tests.flows.resealed import json_of, resealed

CONTRACT, METHOD = "data/contract/contract.yaml", "data/method/method.json"
CORPUS = ROOT / "tests" / "corpus"


def replay(folder: Path, bundle: Path) -> Outcome:
    return probity("replay", bundle, "--trust", folder / "keys" / "trust", "--format", "json")


def clause(outcome: Outcome, name: str) -> dict[str, Any]:
    return next(c for c in json.loads(outcome.out)["clauses"] if c["commitment"] == name)


def differing(outcome: Outcome, name: str) -> set[str]:
    return {d["fact"] for d in clause(outcome, name)["differences"]}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return an engagement that keeps its two promises, and its bundle."""
    folder, _ = audited(firm(tmp_path_factory.mktemp("replay") / "e"))
    return folder, bundles(folder)[0]


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return an engagement with two editions of its contract and a waiver, one call of which left the Union."""
    folder = trail(
        tmp_path_factory.mktemp("replay") / "e", call(1), call(2, awsRegion="us-east-1", additionalEventData=None)
    )
    (folder / "contract-v1.yaml").write_text((folder / "contract.yaml").read_text())
    edit(folder / "contract.yaml", "version: 1", "version: 2")
    edit(folder / "contract.yaml", "from: 2025-01-01", "from: 2025-06-05")
    edit(folder / "audit.yaml", "sources:", "earlier: [contract-v1.yaml]\nsources:")
    waiver = (
        "{commitment: RES-EU, author: A, approver: B, reason: test, granted_on: 2025-07-01, expires_on: 2025-12-31,\n"
    )
    frozen = "    frozen: {status: breached, violation: '1'}}\n"
    (folder / "waivers.yaml").write_text(f"probity: waivers/v1\nwaivers:\n  - {waiver}{frozen}")
    return audited(folder)[0], bundles(folder)[0]


def test_every_verdict_follows_from_the_bundle_alone(kept: tuple[Path, Path]) -> None:
    outcome = replay(*kept)
    found = json.loads(outcome.out)
    assert (outcome.code, found["same"], {c["same"] for c in found["clauses"]}) == (0, True, {True})
    assert found["exports"] == dict.fromkeys(EXPORTS.values(), True)
    assert found["findings_sha256"]["sealed"] == found["findings_sha256"]["replayed"]


def test_the_sql_of_every_clause_is_the_sealed_one(kept: tuple[Path, Path]) -> None:
    assert {c["method"] for c in json.loads(replay(*kept).out)["clauses"]} == {"same"}


def test_editions_and_waivers_are_those_of_the_bundle(breached: tuple[Path, Path]) -> None:
    outcome = replay(*breached)
    statuses = {c["commitment"]: c["replayed"]["status"] for c in json.loads(outcome.out)["clauses"]}
    assert (outcome.code, statuses) == (0, {"RES-EU": "breached", "RES-EU@1": "unproven"})
    assert json_of(breached[1], FINDINGS)["findings"][0]["waived"]["state"] == "active"


def test_a_limit_changed_in_the_contract_before_sealing_is_caught(kept: tuple[Path, Path]) -> None:
    folder, bundle = kept
    stricter = members(bundle)[CONTRACT].replace(b"max_age: 24h", b"max_age: 2h")
    outcome = replay(folder, resealed(folder, bundle, {CONTRACT: stricter}))
    found = clause(outcome, "RET-24H")
    assert (outcome.code, found["sealed"]["status"], found["replayed"]["status"]) == (4, "met", "breached")
    assert clause(outcome, "TRN-NONE")["same"]


def test_a_verdict_changed_before_sealing_is_caught(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    findings = json_of(bundle, FINDINGS)
    findings["findings"][0] |= {"status": "met", "exhibits": []}
    findings["status"] = "unproven"
    outcome = replay(folder, resealed(folder, bundle, {FINDINGS: canonical_bytes(findings)}))
    assert (outcome.code, differing(outcome, "RES-EU") >= {"status", "exhibits.0.record"}) == (4, True)


def test_the_catalogue_is_the_sealed_one_and_not_that_of_this_version(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    moved = members(bundle)["data/method/regions.csv"].replace(b"aws,us-east-1,US", b"aws,us-east-1,DE")
    outcome = replay(folder, resealed(folder, bundle, {"data/method/regions.csv": moved}))
    assert (outcome.code, "population.violation" in differing(outcome, "RES-EU")) == (4, True)


def test_an_answer_of_the_expectations_changed_before_sealing_is_caught(kept: tuple[Path, Path]) -> None:
    folder, bundle = kept
    answers = json_of(bundle, "data/results/expectations.json")
    answers["RET-24H"]["expectations"][0]["observed"] += 1
    changed = {"data/results/expectations.json": canonical_bytes(answers)}
    outcome = replay(folder, resealed(folder, bundle, changed))
    assert (outcome.code, differing(outcome, "RET-24H")) == (4, {"expectations.no_violation.observed"})


def test_a_sealed_export_that_says_something_else_is_caught(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    member = EXPORTS["oscal"]
    better = members(bundle)[member].replace(b'"state": "not-satisfied"', b'"state": "satisfied"')
    again = resealed(folder, bundle, {member: better})
    outcome = replay(folder, again)
    found = json.loads(outcome.out)
    assert (outcome.code, found["exports"], {c["same"] for c in found["clauses"]}) == (4, {member: False}, {True})


def test_terms_that_are_not_those_of_the_contract_are_caught(kept: tuple[Path, Path]) -> None:
    folder, bundle = kept
    terms = json_of(bundle, "data/contract/commitments.json")
    terms["RET-24H"]["max_age"] = "240h"
    outcome = replay(folder, resealed(folder, bundle, {"data/contract/commitments.json": canonical_bytes(terms)}))
    assert (outcome.code, differing(outcome, "RET-24H")) == (4, {"terms.max_age"})


def test_a_source_that_failed_is_sealed_and_replayed(tmp_path: Path) -> None:
    prepared = prepare(Request(str(trail(tmp_path / "e"))))
    engagement, run = prepared.engagement, prepared.run

    def one(engagement: Engagement, run: Run, source: Source, number: int) -> Gathered:
        if source.kind == "cloudtrail":
            raise Terminal("the bucket is gone")
        return gather_source(engagement, run, source, number)

    announced = announce(engagement, run, prepared.sealer)
    collected = gather(engagement, run, one)
    judgement = check(engagement, run, collected)
    result = conclude(engagement, run, judgement)
    bundle = seal(engagement, run, collected, judgement, result, prepared.sealer, announced).path
    assert json_of(bundle, METHOD)["failed"] == ["audit_log", "processing_activity"]
    assert replay(engagement.folder, bundle).code == 0


def test_a_bundle_that_hides_which_source_failed_cannot_be_replayed(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    method = {k: v for k, v in json_of(bundle, METHOD).items() if k != "failed"} | {"problems": ["files: unreachable"]}
    outcome = replay(folder, resealed(folder, bundle, {METHOD: canonical_bytes(method)}))
    assert (outcome.code, outcome.out) == (4, "")
    assert "does not carry the families whose sources failed" in outcome.err


def test_a_bundle_without_a_part_names_it(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    outcome = replay(folder, resealed(folder, bundle, {"data/method/regions.csv": None}))
    assert (outcome.code, "does not carry data/method/regions.csv" in outcome.err) == (4, True)


@pytest.mark.parametrize("name", ["first-form/bundle.zip", "doubly-sealed/stamped.zip"])
def test_an_old_bundle_that_verifies_says_what_it_lacks(name: str) -> None:
    bundle = CORPUS / name
    outcome = probity("replay", bundle, "--trust", bundle.parent / "trust")
    assert (outcome.code, "REPLAY_IMPOSSIBLE: this bundle does not carry data/contract/" in outcome.err) == (4, True)


def test_a_contract_that_this_version_cannot_read_is_no_verdict(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    foreign = members(bundle)[CONTRACT].replace(b"kind: data-residency", b"kind: data-residence-of-2040")
    outcome = replay(folder, resealed(folder, bundle, {CONTRACT: foreign}))
    assert (outcome.code, outcome.out, "REPLAY_IMPOSSIBLE" in outcome.err) == (4, "", True)


def test_nothing_is_replayed_that_was_not_verified(kept: tuple[Path, Path], tmp_path: Path) -> None:
    folder, bundle = kept
    changed = tmp_path / "a.zip"
    changed.write_bytes(bundle.read_bytes().replace(b"RET-24H", b"RET-25H"))
    assert (replay(folder, changed).code, probity("replay", bundle).code) == (4, 4)


def test_no_table_stays_behind(kept: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert replay(*kept).code == 0
    assert list(tmp_path.iterdir()) == []


def test_the_text_names_the_clause_and_both_verdicts(breached: tuple[Path, Path]) -> None:
    folder, bundle = breached
    moved = members(bundle)["data/method/regions.csv"].replace(b"aws,us-east-1,US", b"aws,us-east-1,DE")
    again = resealed(folder, bundle, {"data/method/regions.csv": moved})
    text = probity("replay", again, "--trust", folder / "keys" / "trust").out
    assert "≠ RES-EU    sealed breached, replayed unproven" in text
    assert "DIFFERENT · 1 of 2 clauses" in text


def test_a_redacted_bundle_replays_like_the_whole_one(tmp_path: Path) -> None:
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "signer:", "personal: {disclose: [processing_activity.actor]}\nsigner:")
    audited(folder)
    trust, redacted = folder / "keys" / "trust", tmp_path / "redacted.zip"
    assert probity("redact", bundles(folder)[0], "--trust", trust, "--all", "--out", redacted).code == 0
    assert "disclosures/personal.jsonl" in members(bundles(folder)[0])
    assert [replay(folder, b).code for b in (bundles(folder)[0], redacted)] == [0, 0]
