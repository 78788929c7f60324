"""Personal values that go along with a bundle, from the audit file to the reader who redacts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from evidence import redact
from evidence.trust import load_trust
from evidence.verify import verify
from tests.cli.engagements import bundles, call, edit, members, probity, trail

PEOPLE = [f"arn:aws:sts::111122223333:assumed-role/claims/{name}" for name in ("ada.lovelace", "grace.hopper")]
LINES, LISTED = "disclosures/personal.jsonl", "data/evidence/personal.txt"


def engagement(folder, disclose):
    trail(folder, *(call(i, userIdentity={"type": "User", "arn": arn}) for i, arn in enumerate(PEOPLE, start=1)))
    with (folder / "audit.yaml").open("a") as file:
        file.write(f"personal: {{disclose: {disclose}}}\n")
    return folder


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """An engagement audited twice, so that the second run could have taken its rows from the cache."""
    folder = engagement(tmp_path_factory.mktemp("disclosing") / "e", "[processing_activity.actor]")
    outcomes = [probity("audit", folder) for _ in range(2)]
    return folder, outcomes


def test_every_run_discloses_the_people_of_the_field(twice):
    folder, _ = twice
    for bundle in bundles(folder):
        lines = [json.loads(line) for line in members(bundle)[LINES].splitlines()]
        assert sorted(line["value"] for line in lines) == PEOPLE


def test_disclosed_tokens_are_those_of_the_sealed_table(twice):
    folder, _ = twice
    found = redact.personal(bundles(folder)[0])
    assert found.by_field() == {"processing_activity.actor": (2, 2)}
    table = members(bundles(folder)[0])["data/evidence/processing_activity.parquet"]
    assert all(token.encode() in table for token in found.listed)


def test_bundle_verifies_with_every_person_redacted(twice, tmp_path):
    folder, _ = twice
    redact.redact(bundles(folder)[0], tmp_path / "b.zip", lambda *_: False)
    assert verify(tmp_path / "b.zip", load_trust(folder / "keys" / "trust"), at=datetime.now(UTC)).verified
    assert b"lovelace" not in (tmp_path / "b.zip").read_bytes()


def test_families_that_no_clause_needs_disclose_nobody(tmp_path):
    folder = engagement(tmp_path / "e", "[audit_log.actor]")
    probity("audit", folder)
    assert {LINES, LISTED} & members(bundles(folder)[0]).keys() == set()


def test_field_that_is_not_personal_is_refused_with_its_place(tmp_path):
    folder = engagement(tmp_path / "e", "[audit_log.action]")
    done = probity("audit", folder)
    assert (done.code, "'audit_log.action' is not a personal field" in done.err) == (2, True)
    edit(folder / "audit.yaml", "[audit_log.action]", "some")
    assert probity("audit", folder).code == 2
