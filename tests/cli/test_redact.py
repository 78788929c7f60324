from __future__ import annotations

import io
import json

import pytest

from evidence import redact
from tests.cli.engagements import probity
from tests.evidence import disclosed, sealed


@pytest.fixture
def bundle(tmp_path):
    return disclosed.seal(tmp_path / "a.zip")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "b.zip"


@pytest.fixture
def stdin(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


def left(path):
    return {d.value for d in redact.personal(path).disclosures}


def test_without_a_choice_it_says_what_is_disclosed_and_writes_nothing(bundle, tmp_path):
    done = probity("redact", bundle)
    assert (done.code, done.out.splitlines()) == (
        0,
        ["approvals.approver: 1 of 1 values disclosed", "audit_log.actor: 6 of 6 values disclosed"],
    )
    assert list(tmp_path.iterdir()) == [bundle]


def test_field_is_deleted_wherever_its_values_stand(bundle, out):
    done = probity("redact", bundle, "--field", "approvals.approver", "--out", out)
    assert done.out.splitlines() == [
        str(out),
        "approvals.approver: 0 of 1 values disclosed",
        "audit_log.actor: 5 of 6 values disclosed",
    ]


def test_values_come_from_standard_input_so_that_no_shell_remembers_them(bundle, out, stdin):
    stdin(b"jane.doe@bank.example\n  -n \n")
    assert probity("redact", bundle, "--value-from-stdin", "--out", out).code == 0
    assert left(out) == set(disclosed.VALUES) - {"jane.doe@bank.example", "-n"}


def test_token_is_deleted(bundle, out):
    probity("redact", bundle, "--token", disclosed.TOKENS("-n"), "--out", out)
    assert left(out) == set(disclosed.VALUES) - {"-n"}


def test_everything_is_deleted_and_the_copy_verifies(bundle, out, tmp_path):
    (tmp_path / "trust").mkdir()
    trust = sealed.write_trust(tmp_path / "trust")
    done = probity("redact", bundle, "--all", "--out", out, "--trust", trust, "--format", "json")
    fields = {
        "approvals.approver": {"disclosed": 0, "sealed": 1},
        "audit_log.actor": {"disclosed": 0, "sealed": 6},
    }
    assert json.loads(done.out) == {"schema": "probity.redact/v1", "bundle": str(out), "fields": fields}
    assert (done.err, probity("verify", out, "--trust", trust).code) == ("", 0)


@pytest.mark.parametrize(
    "choice",
    [("--field", "audit_log.actr"), ("--token", "token:0"), ("--out", "b.zip"), ("--all",)],
    ids=["field", "token", "nothing chosen", "no out"],
)
def test_choice_that_deletes_nobody_is_a_usage_error(bundle, out, choice):
    words = choice if "--out" in choice or "--all" in choice else (*choice, "--out", out)
    assert probity("redact", bundle, *words).code == 2
    assert not out.exists()


def test_value_that_is_not_disclosed_is_refused_and_not_repeated(bundle, out, stdin):
    stdin(b"john.doe@bank.example\n")
    done = probity("redact", bundle, "--value-from-stdin", "--out", out)
    assert (done.code, "1 of 1 values are not disclosed" in done.err, "john" in done.err) == (2, True, False)


def test_bundle_that_does_not_verify_is_not_copied(bundle, out, tmp_path):
    (tmp_path / "trust").mkdir()
    trust = sealed.write_trust(tmp_path / "trust", sealed.STRANGER)
    assert probity("redact", bundle, "--all", "--out", out, "--trust", trust).code == 4
    assert not out.exists()


def test_copy_never_replaces_a_file(bundle, out):
    out.write_bytes(b"precious")
    assert (probity("redact", bundle, "--all", "--out", out).code, out.read_bytes()) == (5, b"precious")
