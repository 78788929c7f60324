from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evidence import policy
from evidence.errors import BadInput
from evidence.signer import private_pem
from evidence.spki import digest_of_key, public_pem
from evidence.trust import load_trust
from tests.evidence import sealed

DEMANDS = {"schema": "probity.policy/v1", "require": ["dsse-p256"], "time": "local-clock", "ledger": False}


def parse(fields: object) -> policy.Policy:
    return policy.parse(json.dumps(fields).encode(), "policy.json")


def test_policy_names_the_steps_that_must_have_passed() -> None:
    assert parse(DEMANDS).required_steps() == {1, 2, 3, 6, 7, 10, 11}
    stricter = DEMANDS | {"require": ["dsse-p256", "cades"], "time": "rfc3161", "ledger": True}
    assert parse(stricter).required_steps() == {1, 2, 3, 4, 5, 6, 7, 8, 10, 11}


@pytest.mark.parametrize("fields", [{}, [], None, "any", 1])
def test_empty_policy_is_invalid(fields: object) -> None:
    with pytest.raises(BadInput, match=r"policy\.json: a policy must demand something"):
        parse(fields)


@pytest.mark.parametrize("field", sorted(DEMANDS))
def test_demand_left_out_is_invalid_and_not_a_weaker_policy(field: str) -> None:
    with pytest.raises(BadInput, match=field):
        parse({name: value for name, value in DEMANDS.items() if name != field})


@pytest.mark.parametrize(
    "change",
    [
        {"require": []},
        {"require": ["cades"]},
        {"require": ["dsse-p256", "dsse-p256"]},
        {"require": ["dsse-p256", "sha1"]},
        {"schema": "probity.policy/v2"},
        {"time": "any"},
        {"time": None},
        {"ledger": "no"},
        {"ledger": 0},
        {"signed_by": []},
        {"signed_by": [{"name": "Acme", "keyid": "12"}]},
        {"signed_by": [{"name": "A\nB", "keyid": "0" * 64}]},
        {"not_older_than": "90"},
        {"not_older_than": "0d"},
        {"not_older_than": 90},
    ],
)
def test_unknown_demand_is_invalid(change: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=r"policy\.json"):
        parse(DEMANDS | change)


def test_unknown_field_suggests_the_one_meant() -> None:
    with pytest.raises(BadInput, match="did you mean 'not_older_than'"):
        parse(DEMANDS | {"notolderthan": "90d"})


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        parse({"schema": "x", "require": [], "surprise": 1})
    assert len(caught.value.problems) == 5


def test_policy_with_a_repeated_field_is_invalid() -> None:
    data = json.dumps(DEMANDS).replace('"ledger": false', '"ledger": true, "ledger": false')
    with pytest.raises(BadInput, match="duplicate key 'ledger'"):
        policy.parse(data.encode(), "policy.json")


def test_age_is_read_in_hours_and_days() -> None:
    hours = [parse(DEMANDS | {"not_older_than": text}).oldest for text in ("36h", "90d")]
    assert [age.total_seconds() / 3600 for age in hours if age] == [36, 2160]


def test_trust_folder_is_read(tmp_path: Path) -> None:
    trust = load_trust(sealed.write_trust(tmp_path))
    assert (trust.key_id, trust.policy) == (digest_of_key(sealed.SIGNER.public_key), sealed.policy())


@pytest.mark.parametrize("name", ["policy.json", "dsse-p256.pub"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (sealed.write_trust(tmp_path) / name).unlink()
    with pytest.raises(BadInput, match=name):
        load_trust(tmp_path)


def test_missing_folder_says_where_trust_comes_from(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="never one out of a bundle"):
        load_trust(tmp_path / "absent")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        public_pem(sealed.SIGNER.public_key) * 2,
        private_pem(ec.derive_private_key(7, ec.SECP256R1()), None),
        ec.derive_private_key(7, ec.SECP384R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        b"x" * 20_000,
    ],
)
def test_pinned_key_of_another_kind_is_refused(tmp_path: Path, data: bytes) -> None:
    (sealed.write_trust(tmp_path) / "dsse-p256.pub").write_bytes(data)
    with pytest.raises(BadInput, match=r"dsse-p256\.pub"):
        load_trust(tmp_path)


def test_policy_that_speaks_of_another_key_is_refused(tmp_path: Path) -> None:
    sealed.write_trust(tmp_path, signed_by=[{"name": "Acme", "keyid": "0" * 64}])
    with pytest.raises(BadInput, match="does not name this key"):
        load_trust(tmp_path)
