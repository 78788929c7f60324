from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import disclosure
from evidence.canonical import canonical_bytes
from evidence.disclosure import Register, Tokens
from evidence.errors import BrokenDisclosure, OutputFailed
from tests.evidence import disclosed

VALUE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
TOKENS = disclosed.TOKENS


@settings(deadline=None)
@given(VALUE)
def test_token_is_the_digest_of_the_canonical_line(value: str) -> None:
    found = TOKENS.open(value)
    hashed = canonical_bytes({"domain": "probity.disclosure/v1", "salt": found.salt, "value": value}) + b"\n"
    assert found.token == "token:" + hashlib.sha256(hashed).hexdigest()


@settings(deadline=None)
@given(st.sets(VALUE, max_size=8))
def test_disclosures_are_read_as_they_were_written(values: set[str]) -> None:
    given = sorted((TOKENS.open(value) for value in values), key=lambda d: d.token)
    data = disclosure.render(given)
    assert list(disclosure.parse(data)) == given if data else not given


def test_same_value_has_the_same_token_and_another_secret_gives_another() -> None:
    assert Tokens(bytes(32))("ada") == Tokens(bytes(32))("ada") != Tokens(b"x" * 32)("ada")


def test_salts_of_different_values_have_nothing_in_common() -> None:
    salts = {TOKENS.open(str(n)).salt for n in range(1000)}
    assert (len(salts), {len(salt) for salt in salts}) == (1000, {2 * disclosure.SALT_BYTES})


def test_guess_without_the_salt_finds_nothing() -> None:
    token = TOKENS("jane.doe@bank.example")
    guesses = ["jane.doe@bank.example", '"jane.doe@bank.example"', json.dumps({"value": "jane.doe@bank.example"})]
    hashed = {f"token:{hashlib.sha256(guess.encode()).hexdigest()}" for guess in guesses}
    hashed |= {disclosure.token_of(salt, guesses[0]) for salt in ("", "0" * 32, TOKENS.open("john").salt)}
    assert token not in hashed


def test_only_fields_to_be_disclosed_are_remembered() -> None:
    register = Register(TOKENS, frozenset({"audit_log.actor"}))
    register.note("audit_log.actor", ["ada"])
    register.note("approvals.approver", ["grace"])
    found = register.disclosures([TOKENS("ada"), TOKENS("grace")])
    assert [d.value for d in found] == ["ada"]


def test_value_whose_token_was_not_sealed_is_not_disclosed() -> None:
    register = Register(TOKENS, frozenset({"audit_log.actor"}))
    register.note("audit_log.actor", ["ada", "grace"])
    assert [d.value for d in register.disclosures([TOKENS("grace")])] == ["grace"]


def test_too_many_values_are_refused_rather_than_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "MAX_DISCLOSURES", 3)
    register = Register(TOKENS, frozenset({"audit_log.actor"}))
    with pytest.raises(OutputFailed, match="disclose fewer fields"):
        register.note("audit_log.actor", [str(n) for n in range(4)])


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_of_a_line_can_be_changed(at: int, change: int) -> None:
    data = disclosure.render(disclosed.disclosures())
    at %= len(data)
    changed = data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]
    with pytest.raises(BrokenDisclosure):
        disclosure.check(disclosure.parse(changed), disclosed.fields())


def test_value_too_long_to_be_a_name_is_refused() -> None:
    with pytest.raises(BrokenDisclosure, match="DISCLOSURE_FORM"):
        disclosure.parse(TOKENS.open("x" * 1025).line())


def test_message_never_repeats_a_value() -> None:
    data = disclosure.render(disclosed.disclosures()).replace(b"jane.doe@", b"jane.DOE@")
    with pytest.raises(BrokenDisclosure) as caught:
        disclosure.check(disclosure.parse(data), disclosed.fields())
    assert "jane" not in str(caught.value).lower()


def test_sealed_list_is_read_as_it_was_written() -> None:
    assert disclosure.parse_list(disclosure.render_list(disclosed.fields())) == disclosed.fields()
