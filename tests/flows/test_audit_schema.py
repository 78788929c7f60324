"""What an editor is told about audit files."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from checks.yaml12 import read_yaml
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
