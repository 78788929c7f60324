"""What an editor is told about audit files, and what of one is published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from checks.yaml12 import read_yaml
from flows.audit_file import load_audit_file
from tests.cli.engagements import AUDIT, probity

STORE = "store: {kind: folder, path: bundles}"
LOCKED = (
    "store: {kind: s3, bucket: acme-bundles, region: eu-central-1, kms_key: alias/acme, retain: 10y, "
    "disclosures: {bucket: acme-disclosures}}"
)


@pytest.fixture(scope="module")
def editor() -> Draft202012Validator:
    return Draft202012Validator(json.loads(probity("schema", "--what", "audit").out))


def complaints(editor: Draft202012Validator, text: str) -> int:
    return len(list(editor.iter_errors(read_yaml(text.encode(), "f").data)))


def test_schema_is_valid_itself_and_takes_the_examples(editor: Draft202012Validator) -> None:
    Draft202012Validator.check_schema(editor.schema)
    assert editor.schema["title"] == "Probity audit file (audit/v1)"
    assert complaints(editor, AUDIT) == 0
    assert complaints(editor, AUDIT.replace(STORE, LOCKED)) == 0


@pytest.mark.parametrize(("old", "new"), [("retain: 10y", "retain: 10"), ("disclosures:", "disclosed:"), ("s3", "s4")])
def test_editor_refuses_what_an_audit_refuses(editor: Draft202012Validator, old: str, new: str) -> None:
    assert complaints(editor, AUDIT.replace(STORE, LOCKED.replace(old, new))) > 0


def test_what_is_published_names_no_account_and_no_place_in_the_cloud(tmp_path: Path) -> None:
    key = "arn:aws:kms:eu-central-1:111122223333:key/0a1b"
    written = AUDIT.replace(STORE, LOCKED.replace("alias/acme", key))
    written = written.replace("{kind: local, keys: keys/private}", f"{{kind: keys, dsse_p256: 'awskms:{key}'}}")
    (tmp_path / "audit.yaml").write_text(written + "ledger: {kind: s3, bucket: ledger-111122223333}\n")
    loaded, published = load_audit_file(tmp_path / "audit.yaml", lambda _: None)
    assert loaded.store.kind == "s3"
    assert published["store"] == {"kind": "s3", "region": "eu-central-1", "retain": "10y"}
    assert published["signer"]["dsse_p256"] == "awskms:arn:aws:kms:eu-central-1:account:key/0a1b"
    assert "111122223333" not in json.dumps(published)
