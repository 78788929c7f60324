"""What a verified bundle shows at the terminal, and what changed between two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.engagements import ROOT, audited, bundles, call, edit, log, probity, trail

JULY = "meter,period_start,period_end,metric,value\ngateway,2025-07-01T00:00:00Z,2025-08-01T00:00:00Z,requests,1\n"


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Return the trust folder, June, which is kept, and July, in which a call went to London."""
    folder, _ = audited(trail(tmp_path_factory.mktemp("show") / "e"))
    (june,) = bundles(folder)
    away = call(3, eventTime="2025-07-10T12:00:00Z", awsRegion="eu-west-2", additionalEventData=None)
    log(folder).with_name("july.json").write_text(json.dumps({"Records": [away]}))
    totals = folder / "evidence" / "usage_totals.csv"
    totals.write_text(totals.read_text() + JULY.partition("\n")[2])
    edit(folder / "audit.yaml", "as_of: 2025-07-05", "as_of: 2025-08-05")
    audited(folder, "--period", "2025-07")
    (july,) = set(bundles(folder)) - {june}
    return folder / "keys" / "trust", june, july


def test_findings_and_evidence_are_shown(months: tuple[Path, Path, Path]) -> None:
    trust, june, _ = months
    outcome = probity("show", june, "--trust", trust)
    assert (outcome.code, "✓ RES-EU  met" in outcome.out) == (0, True)
    assert "usage_totals: 1 rows in 1 artefact of files" in outcome.out


def test_a_clause_is_shown_with_its_exhibits_and_where_they_are(months: tuple[Path, Path, Path]) -> None:
    trust, _, july = months
    outcome = probity("show", july, "RES-EU", "--trust", trust)
    assert outcome.code == 0  # showing a breach is no breach
    wanted = ("violation process/", "cloudtrail/july.json", "sha256:", "DPA §7.1 p.10")
    assert [part for part in wanted if part not in outcome.out] == []


def test_shown_json_has_the_finding_and_the_cards_of_its_exhibits(months: tuple[Path, Path, Path]) -> None:
    trust, _, july = months
    found = json.loads(probity("show", july, "RES-EU", "--trust", trust, "--format", "json").out)
    (finding,) = found["findings"]
    assert [c["address"] for c in found["artefacts"]] == ["cloudtrail/july.json"]
    assert (finding["status"], found["schema"]) == ("breached", "probity.show/v1")


def test_a_clause_that_is_not_there_is_bad_input(months: tuple[Path, Path, Path]) -> None:
    trust, june, _ = months
    outcome = probity("show", june, "RES-UE", "--trust", trust)
    assert (outcome.code, "did you mean 'RES-EU'?" in outcome.err) == (2, True)


def test_an_old_bundle_without_a_contract_is_shown() -> None:
    bundle = ROOT / "tests" / "corpus" / "first-form" / "bundle.zip"
    outcome = probity("show", bundle, "RET-24H", "--trust", bundle.parent / "trust")
    assert (outcome.code, "one record was kept for 86401 s" in outcome.out) == (0, True)


def test_what_got_worse_is_exit_code_1(months: tuple[Path, Path, Path]) -> None:
    trust, june, july = months
    outcome = probity("diff", june, july, "--trust", trust)
    assert (outcome.code, "▼ RES-EU  met → breached · met became breached" in outcome.out) == (1, True)
    assert "population.violation: 0 → 1" in outcome.out


def test_what_did_not_get_worse_is_exit_code_0(months: tuple[Path, Path, Path]) -> None:
    trust, june, _ = months
    outcome = probity("diff", june, june, "--trust", trust, "--format", "json")
    found = json.loads(outcome.out)
    assert (outcome.code, found["worse"], [c["direction"] for c in found["clauses"]]) == (0, False, ["same"])


def test_bundles_in_the_wrong_order_are_refused(months: tuple[Path, Path, Path]) -> None:
    trust, june, july = months
    outcome = probity("diff", july, june, "--trust", trust)
    assert (outcome.code, "give the earlier bundle first" in outcome.err) == (2, True)


def test_bundles_of_two_contracts_are_refused(months: tuple[Path, Path, Path]) -> None:
    trust, june, _ = months
    other = ROOT / "tests" / "corpus" / "first-form"
    outcome = probity("diff", other / "bundle.zip", june, "--trust", trust, "--old-trust", other / "trust")
    assert (outcome.code, "are two contracts" in outcome.err) == (2, True)


@pytest.mark.parametrize("side", [0, 1])
def test_neither_side_is_compared_unverified(months: tuple[Path, Path, Path], tmp_path: Path, side: int) -> None:
    trust, june, july = months
    pair = [june, july]
    changed = tmp_path / "a.zip"
    changed.write_bytes(pair[side].read_bytes().replace(b"RES-EU", b"RES-UE"))
    pair[side] = changed
    outcome = probity("diff", *pair, "--trust", trust)
    assert (outcome.code, outcome.out) == (4, "")


def test_nothing_is_shown_or_compared_without_trust(months: tuple[Path, Path, Path]) -> None:
    _, june, july = months
    told = [probity("show", june), probity("diff", june, july)]
    assert [(outcome.code, outcome.out) for outcome in told] == [(4, ""), (4, "")]
