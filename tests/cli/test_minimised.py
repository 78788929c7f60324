"""An audit whose evidence, contract or configuration holds what no bundle may hold: refused, or said in other words."""

from __future__ import annotations

import json

import pytest

from tests.cli.engagements import bundles, edit, members, probity, trail

WHO = "jane.doe@bank.example"
PROMPT = "Please write a short and friendly letter to our customer Jane and tell her that the loan was refused"
ACTIVITY = {
    "activity_id": "a1",
    "activity": "process",
    "occurred_at": "2025-06-10T12:00:00Z",
    "provider": "aws",
    "region_code": "eu-west-1",
    "outcome": "ok",
}


def engagement(folder, **values):
    trail(folder)
    (folder / "evidence" / "processing_activity.jsonl").write_text(json.dumps(ACTIVITY | values) + "\n")
    return folder


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (f"mailbox of {WHO}", "an e-mail address"),
        (PROMPT, "long text where an identifier belongs"),
        ("<|im_start|>user", "chat markup"),
        ("AKIA" + "ABCDEFGHIJKLMNOP", "a key of a cloud account"),
    ],
    ids=["address", "prompt", "markup", "secret"],
)
def test_audit_seals_nothing_and_says_where_and_never_what(tmp_path, value, kind):
    folder = engagement(tmp_path / "e", resource_id=value)
    done = probity("audit", folder)
    assert (done.code, done.out, bundles(folder)) == (5, "", [])
    assert f"data/evidence/processing_activity.parquet, column resource_id: {kind} in 1 row" in done.err
    assert value not in done.err
    assert list((folder / ".probity" / "work").iterdir()) == []


def test_run_that_was_refused_is_an_open_start_in_the_ledger(tmp_path):
    folder = engagement(tmp_path / "e", resource_id=WHO)
    probity("audit", folder)
    done = probity("ledger", "audit", folder / "ledger", "--trust", folder / "keys" / "trust", "--format", "json")
    assert (done.code, len(json.loads(done.out)["open"])) == (3, 1)


def test_field_that_the_audit_file_keeps_is_sealed_as_it_is(tmp_path):
    folder = engagement(tmp_path / "e", resource_id=WHO)
    with (folder / "audit.yaml").open("a") as file:
        file.write("personal: {keep: [processing_activity.resource_id]}\n")
    assert probity("audit", folder).code in {0, 1, 3}
    assert WHO.encode() in members(bundles(folder)[0])["data/evidence/processing_activity.parquet"]


@pytest.mark.parametrize("name", ["processing_activity.actor", "processing_activity.resorce_id"])
def test_keeping_a_personal_or_unknown_field_is_refused(tmp_path, name):
    folder = engagement(tmp_path / "e")
    with (folder / "audit.yaml").open("a") as file:
        file.write(f"personal: {{keep: [{name}]}}\n")
    done = probity("audit", folder)
    assert (done.code, f"'{name}' is not a field of text that is not personal" in done.err) == (2, True)


def test_person_in_the_audit_file_is_not_published(tmp_path):
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "period: 2025-06", f"period: 2025-06\nledger: {{kind: folder, path: {WHO}}}")
    assert probity("audit", folder).code == 0
    published = json.loads(members(bundles(folder)[0])["data/method/audit.json"])
    assert published["ledger"] == {"kind": "folder", "path": "given"}
