from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from evidence import statement
from evidence.errors import BadSignature, LimitExceeded
from evidence.model import ContractRef
from tests.evidence import sealed

DIGEST = "d" * 64
ENCODED = statement.encode(sealed.facts(), DIGEST)


def test_statement_is_in_toto_with_the_tag_manifest_as_only_subject() -> None:
    value = json.loads(ENCODED)
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["subject"] == [{"name": "tagmanifest-sha256.txt", "digest": {"sha256": DIGEST}}]
    assert value["predicate"]["status"] == "breached"


def test_parsing_returns_what_was_encoded() -> None:
    parsed = statement.parse(ENCODED)
    assert (parsed.predicate, parsed.tag_manifest_sha256) == (sealed.facts(), DIGEST)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"subject":[', '"subject":[{"digest":{"sha256":"' + DIGEST + '"},"name":"tagmanifest-sha256.txt"},'),
        ('"name":"tagmanifest-sha256.txt"', '"name":"bagit.txt"'),
        ("Statement/v1", "Statement/v0.1"),
        ("contract-audit/v1", "contract-audit/v2"),
        ('"run":', '"note":"x","run":'),
        ('"version":3', '"version":"3"'),
        ('"version":3', '"version":3.0'),
        ('"version":3', '"version":9007199254740993'),
        ('"status":"breached"', '"status":"passed"'),
        ('"from":', '"start":'),
        ("2025-07-01T00:00:00Z", "2025-07-01T00:00:00+00:00"),
        ("2025-07-01T00:00:00Z", "2025-07-01T00:00:00"),
        ('"run":"run-1"', '"run":"run\\n1"'),
        ('{"_type"', ' {"_type"'),
        ("dddd", "DDDD"),
    ],
)
def test_second_spelling_or_unknown_word_is_refused(old: str, new: str) -> None:
    assert old in ENCODED.decode()
    changed = ENCODED.decode().replace(old, new)
    with pytest.raises(BadSignature, match="STATEMENT_FORM"):
        statement.parse(changed.encode())


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b"\xff", b'"x"', b"[" * 5000])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(BadSignature, match="STATEMENT_FORM"):
        statement.parse(data)


def test_bag_info_follows_from_the_facts() -> None:
    assert statement.bag_info(sealed.facts()) == (
        b"Bag-Software-Agent: probity 0.1.0\n"
        b"Bagging-Date: 2025-07-02\n"
        b"External-Identifier: run-1\n"
        b"External-Description: audit of contract msa-2025-114 version 3 for "
        b"2025-06-01T00:00:00Z/2025-07-01T00:00:00Z\n"
    )


@pytest.mark.parametrize("name", ["", "a\nBag-Size: 1", "a\x1b[2J", "x" * 201])
def test_contract_id_cannot_add_a_line_to_bag_info(name: str) -> None:
    with pytest.raises(ValidationError, match="one line"):
        sealed.facts(contract=ContractRef(id=name, version=1, sha256="0" * 64))


def test_statement_that_no_signing_service_would_take_names_the_limit() -> None:
    contract = ContractRef(id="ok", version=1, sha256="0" * 5000)
    with pytest.raises(LimitExceeded, match=str(statement.MAX_STATEMENT_BYTES)):
        statement.encode(sealed.facts(contract=contract), DIGEST)
