"""What `probity audit` prints, and the exit code it ends with."""

from __future__ import annotations

import json

import pytest

from checks.commitments import discover
from checks.unchecked import catalogue
from tests.cli.engagements import audited, bundles, call, edit, firm, half_done, probity, process, trail

ABROAD = call(1, additionalEventData={"inferenceRegion": "us-east-1"})
#: A name for each way an audit may end: the records, how many calls the meter counted, and the exit code.
ENDS = {
    "met": ((call(1), call(2)), 2, 0),
    "breached": ((ABROAD, call(2)), 2, 1),
    "unproven": ((call(1), call(2)), 3, 3),
    "breached although incomplete": ((ABROAD, call(2)), 3, 1),
}
FIELDS = {"schema", "contract", "period", "as_of", "status", "bundle", "findings"}
OF_A_FINDING = {
    *("commitment", "kind", "clause", "status", "reasons", "assurance", "provisional", "waived"),
    *("population", "measure", "exhibits", "remedy"),
}


@pytest.fixture(scope="module")
def met(tmp_path_factory):
    return audited(trail(tmp_path_factory.mktemp("met") / "e"), "--format", "json")


@pytest.fixture(scope="module")
def breached(tmp_path_factory):
    return audited(trail(tmp_path_factory.mktemp("breached") / "e", ABROAD, call(2)), "--format", "json")


def test_json_is_exactly_one_document_with_the_published_fields(met):
    folder, outcome = met
    document = json.loads(outcome.out)
    assert document.keys() >= FIELDS
    assert outcome.out.count("\n") == 1
    assert document["schema"] == "probity.audit/v1"
    assert document["contract"].keys() >= {"id", "version", "sha256"}
    assert document["period"] == {"from": "2025-06-01T00:00:00Z", "to": "2025-07-01T00:00:00Z"}
    assert document["as_of"] == "2025-07-05T00:00:00Z"
    assert document["bundle"] == str(bundles(folder)[0])


def test_every_clause_has_a_finding_with_the_published_fields(breached):
    (finding,) = json.loads(breached[1].out)["findings"]
    assert finding.keys() >= OF_A_FINDING
    assert finding["commitment"] == "RES-EU"
    counts = {"expected": 2, "observed": 2, "ok": 1, "violation": 1, "unknown": 0, "open": 0, "excused": 0}
    assert finding["population"] == counts


def test_an_exhibit_names_the_artefact_it_came_from(breached):
    (finding,) = json.loads(breached[1].out)["findings"]
    assert finding["exhibits"][0]["artefact"].startswith("sha256:")


@pytest.mark.parametrize("name", ENDS)
def test_the_exit_code_says_how_the_audit_ended(tmp_path, name):
    records, requests, code = ENDS[name]
    outcome = probity("audit", trail(tmp_path / "e", *records, requests=requests))
    assert outcome.code == code
    assert f"{name.split()[0].upper()} ·" in outcome.out


@pytest.mark.parametrize(
    ("fail_on", "name", "code"),
    [("breached", "breached", 1), ("breached", "unproven", 0), ("never", "breached", 0), ("never", "unproven", 0)],
)
def test_fail_on_decides_which_ends_fail(tmp_path, fail_on, name, code):
    records, requests, _ = ENDS[name]
    folder = trail(tmp_path / "e", *records, requests=requests)
    assert probity("audit", folder, "--fail-on", fail_on).code == code


def test_fail_on_never_still_prints_the_status(tmp_path):
    outcome = probity("audit", trail(tmp_path / "e", ABROAD), "--fail-on", "never", "--format", "json")
    assert json.loads(outcome.out)["status"] == "breached"


def test_fail_on_never_does_not_hide_a_mistake(tmp_path):
    assert probity("audit", tmp_path / "absent", "--fail-on", "never").code == 2


def test_text_gives_glyph_word_clause_sentence_and_bundle(tmp_path):
    folder = trail(tmp_path / "e", ABROAD, call(2))
    lines = probity("audit", folder).out.splitlines()
    assert lines[2].startswith("✕ RES-EU  breached")
    assert lines[2].endswith("DPA §7.1 p.10")
    assert "US (us-east-1)" in lines[3]
    assert lines[-1] == f"bundle: {bundles(folder)[0]}"


def test_nothing_is_said_beside_the_result_when_nothing_is_wrong(met):
    assert met[1].err == ""


def test_what_was_wrong_with_evidence_is_said_on_stderr_only(tmp_path):
    folder = trail(tmp_path / "e")
    (folder / "cloudtrail" / "notes.txt").write_text("not a log")
    outcome = probity("audit", folder, "--format", "json")
    assert "notes.txt" in outcome.err
    assert json.loads(outcome.out)["status"] == "met"


def test_off_a_terminal_there_is_neither_progress_nor_colour(tmp_path):
    folder = trail(tmp_path / "e", requests=3)
    outcome = process("audit", folder, env={"FORCE_COLOR": "1", "NO_COLOR": ""})
    assert outcome.code == 3
    assert not {"\x1b", "\r"} & {*outcome.out, *outcome.err}
    assert "gather" not in outcome.err


def test_no_color_changes_nothing_but_colour(met, monkeypatch):
    folder, before = met
    monkeypatch.setenv("NO_COLOR", "1")
    after = probity("audit", folder, "--format", "json")
    assert json.loads(after.out)["findings"] == json.loads(before.out)["findings"]
    assert "\x1b" not in after.out


def test_a_second_run_adds_a_bundle_and_touches_no_other(tmp_path):
    folder = trail(tmp_path / "e")
    probity("audit", folder)
    first = {path: path.read_bytes() for path in bundles(folder)}
    probity("audit", folder)
    assert len(bundles(folder)) == 2
    assert {path: path.read_bytes() for path in first} == first


def test_the_same_evidence_gives_the_same_findings(tmp_path):
    folder = firm(tmp_path / "e", "late-trace")
    first, second = (json.loads(probity("audit", folder, "--format", "json").out) for _ in range(2))
    assert first["findings"] == second["findings"]
    assert [f["status"] for f in first["findings"]] == ["breached", "met"]


def test_out_beats_the_store_of_the_audit_file(tmp_path):
    folder = trail(tmp_path / "e")
    outcome = probity("audit", folder, "--out", tmp_path / "new" / "place", "--format", "json")
    assert [str(p) for p in (tmp_path / "new" / "place").iterdir()] == [json.loads(outcome.out)["bundle"]]
    assert bundles(folder) == []


def test_the_sealed_bundle_verifies(met):
    folder, _ = met
    outcome = probity("verify", bundles(folder)[0], "--trust", folder / "keys" / "trust")
    assert outcome.code == 0


def test_nothing_half_done_stays_behind(met):
    assert half_done(met[0]) == []


def test_a_warning_of_the_contract_is_said_and_a_clause_that_nothing_checks_is_unproven(tmp_path):
    unchecked = sorted(set(catalogue()) - set(discover()))
    if not unchecked:
        pytest.skip("every kind of the catalogue has a check")
    folder = trail(tmp_path / "e")
    text = f"  NEW:\n    kind: {unchecked[0]}\n    clause: DPA §9 p.1\n    severity: major\n"
    edit(folder / "contract.yaml", "commitments:\n", f"commitments:\n{text}")
    outcome = probity("audit", folder, "--format", "json")
    assert "warning[C030]" in outcome.err
    assert [f["reasons"] for f in json.loads(outcome.out)["findings"]] == [["no_check"], []]
    assert outcome.code == 3
