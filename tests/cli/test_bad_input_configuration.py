"""Mistakes in contract, audit file, keys and folders: found before anything is gathered, named, and exit code 2."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.cli.engagements import bundles, edit, firm, half_done, kept, probity, trail

SOURCES = "  - {kind: cloudtrail, path: cloudtrail}\n  - {kind: files, path: evidence}\n"


def changed(name, old, new):
    return lambda folder: edit(folder / name, old, new)


def written(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def removed(name):
    return lambda folder: (folder / name).unlink()


#: What is done to a good engagement, and what the one message must name: the place, the mistake and the way out.
MISTAKES = {
    "a contract that is not YAML": (
        written("contract.yaml", b"a: [1\nb: }\n"),
        ("contract.yaml:2:2", "not YAML"),
    ),
    "a contract that is not text": (
        written("contract.yaml", b"\xff\xfe\x00"),
        ("contract.yaml:1:1", "not UTF-8", "save it as UTF-8"),
    ),
    "no contract": (removed("contract.yaml"), ("contract.yaml", "no such file", "probity init")),
    "an empty contract": (written("contract.yaml", b""), ("contract.yaml", "empty")),
    "no audit file": (removed("audit.yaml"), ("audit.yaml", "no such file", "probity init")),
    "an empty audit file": (written("audit.yaml", b""), ("audit.yaml", "empty")),
    "a source of an unknown kind": (
        changed("audit.yaml", "kind: files", "kind: filez"),
        ("audit.yaml:4:12", "'filez' is not one of", "did you mean 'files'?"),
    ),
    "an unknown key": (
        changed("audit.yaml", "period: 2025-06", "perod: 2025-06"),
        ("audit.yaml:7:1", "unknown key 'perod'", "did you mean 'period'?"),
    ),
    "an unknown key in a source": (
        changed("audit.yaml", "path: evidence}", "path: evidence, regoin: eu}"),
        ("audit.yaml:4:35", "unknown key 'regoin'"),
    ),
    "a key that is written twice": (
        changed("audit.yaml", "period: 2025-06", "period: 2025-06\nperiod: 2025-07"),
        ("audit.yaml:8:1", "period"),
    ),
    "no source at all": (
        changed("audit.yaml", f"sources:\n{SOURCES}", "sources: []\n"),
        ("audit.yaml:2:10", "must not be empty"),
    ),
    "a variable that is not set": (
        changed("audit.yaml", "path: evidence", 'path: "${PROBITY_TEST_NOT_SET}"'),
        ("audit.yaml:4:25", "no variable PROBITY_TEST_NOT_SET"),
    ),
    "a signer of an unknown kind": (
        changed("audit.yaml", "kind: local", "kind: lokal"),
        ("audit.yaml:5:16", "'lokal' is not one of"),
    ),
    "another version of the format": (
        changed("audit.yaml", "audit/v1", "audit/v2"),
        ("audit.yaml:1:10", "'audit/v2' is not one of", "did you mean 'audit/v1'?"),
    ),
    "no signing key": (
        removed("keys/private/dsse-p256.key"),
        ("keys/private/dsse-p256.key", "no signing key", "probity keys new"),
    ),
    "a signing key that others may read": (
        lambda folder: (folder / "keys" / "private" / "dsse-p256.key").chmod(0o644),
        ("keys/private/dsse-p256.key", "0644", "chmod 600"),
    ),
    "a signing key that is none": (
        written("keys/private/dsse-p256.key", b"junk"),
        ("keys/private/dsse-p256.key", "not one PKCS#8", "probity keys new"),
    ),
}
LATER = {
    "a missing folder of evidence": (
        lambda folder: shutil.rmtree(folder / "evidence"),
        ("'evidence' does not exist", "relative to the engagement"),
    ),
    "a file where a folder of evidence should be": (
        changed("audit.yaml", "path: evidence", "path: contract.yaml"),
        ("'contract.yaml' is not a folder", "relative to the engagement"),
    ),
}


def refused(folder, said):
    """Check that the audit ends with one message, exit code 2, and no bundle or half of one."""
    outcome = probity("audit", folder)
    assert (outcome.code, outcome.out) == (2, ""), outcome
    assert outcome.err.count("error[") == 1
    assert [part for part in said if part not in outcome.err] == [], outcome.err
    assert "Traceback" not in outcome.err
    assert (bundles(folder), half_done(folder)) == ([], [])


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place_before_anything_is_gathered(tmp_path, name):
    folder = trail(tmp_path / "e")
    spoil, said = MISTAKES[name]
    spoil(folder)
    refused(folder, said)
    assert kept(folder) == set()


@pytest.mark.parametrize("name", LATER)
def test_a_mistake_found_while_gathering_keeps_what_was_gathered(tmp_path, name):
    folder = trail(tmp_path / "e")
    spoil, said = LATER[name]
    spoil(folder)
    refused(folder, said)
    assert len(kept(folder)) == 2  # the log and the listing of its folder


def test_the_mistakes_of_both_files_are_reported_at_once(tmp_path):
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "kind: files", "kind: filez")
    edit(folder / "contract.yaml", "allowed: EU", "alowed: EU")
    outcome = probity("audit", folder)
    assert outcome.code == 2
    assert "audit.yaml:4:12" in outcome.err
    assert "did you mean 'allowed'?" in outcome.err


@pytest.mark.parametrize("words", [(), ("--flow",)])
def test_an_engagement_that_is_not_there_is_named_and_not_made(tmp_path, words):
    outcome = probity("audit", tmp_path / "absent", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error[C001] {tmp_path / 'absent'}: there is no such folder")
    assert "probity init" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_an_engagement(tmp_path):
    (tmp_path / "contract.yaml").write_text("x")
    assert probity("audit", tmp_path / "contract.yaml").code == 2


def test_after_the_mistake_is_mended_the_audit_succeeds(tmp_path):
    folder = trail(tmp_path / "e")
    key = folder / "keys" / "private" / "dsse-p256.key"
    key.chmod(0o640)
    assert probity("audit", folder).code == 2
    key.chmod(0o600)
    assert probity("audit", folder).code == 0


def test_a_contract_with_many_mistakes_names_them_all(tmp_path):
    folder = firm(tmp_path / "e")
    edit(folder / "contract.yaml", "max_age: 24h", "max_age: 24")
    edit(folder / "contract.yaml", "services: [api]", "services: api")
    outcome = probity("audit", folder)
    assert outcome.code == 2
    assert outcome.err.count("error[") == 2


def test_a_year_is_a_period_as_the_audit_file_says(tmp_path):
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "period: 2025-06", "period: 2025")
    outcome = probity("audit", folder, "--format", "json")
    assert json.loads(outcome.out)["period"]["to"] == "2026-01-01T00:00:00Z"


def test_an_unquoted_variable_in_braces_is_told_to_be_quoted(tmp_path):
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "path: evidence}", "path: ${PROBITY_TEST_EVIDENCE}}")
    assert "quotes" in probity("audit", folder).err
