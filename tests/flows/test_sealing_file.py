"""What `audit.yaml` may say of keys and authorities, and what is refused before anything is gathered."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from evidence.bundle import seal_bundle
from evidence.errors import BadInput, OutputFailed
from evidence.keys import make_keys
from evidence.trust import load_trust
from evidence.verify import verify
from flows.audit_file import publishable
from flows.sealing_file import LocalKeys, NamedKeys, TimeStamping, Timestamps, open_sealer
from tests.evidence import sealed

NOW = sealed.AS_OF
NAMED = {
    "kind": "keys",
    "dsse_p256": "keys/private/dsse-p256.key",
    "dsse_ml_dsa_65": "keys/private/dsse-ml-dsa-65.key",
    "cades": "keys/private/seal.key",
    "certificate": "keys/private/seal.crt",
    "revocation": ("keys/private/seal.crl",),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_keys(tmp_path / "keys", "Acme", NOW)
    return tmp_path


def local(**changes: object) -> LocalKeys:
    return LocalKeys.model_validate({"kind": "local", "keys": "keys/private"} | changes)


def named(**changes: object) -> NamedKeys:
    fields = {key: value for key, value in (NAMED | changes).items() if value is not None}
    return NamedKeys.model_validate(fields)


def outcome(folder: Path, keys: LocalKeys | NamedKeys) -> tuple[bool, str | None]:
    """Seal with the keys and return what the reader who was handed the trust folder finds."""
    sealing = open_sealer(folder, keys, (), NOW).sealing(lambda: NOW)
    bundle = seal_bundle(folder / "a.zip", sealed.payload(), sealed.facts(), sealing)
    trust = load_trust(folder / "keys" / "trust")
    unlogged = replace(trust, policy=trust.policy.model_copy(update={"ledger": False}))
    verification = verify(bundle, unlogged, at=NOW)
    return verification.verified, verification.reason


@pytest.mark.parametrize("keys", [local(), named()])
def test_folder_of_keys_and_keys_by_name_seal_what_their_trust_folder_verifies(
    folder: Path, keys: LocalKeys | NamedKeys
) -> None:
    assert outcome(folder, keys) == (True, None)


def test_folder_of_an_earlier_form_seals_as_it_did(folder: Path) -> None:
    for name in ("dsse-ml-dsa-65.key", "seal.key", "seal.crt", "seal.crl"):
        (folder / "keys" / "private" / name).unlink()
    assert outcome(folder, local()) == (False, "CADES_MISSING")
    assert verify(folder / "a.zip", open_sealer(folder, local(), (), NOW).trust(), at=NOW).verified


def test_seal_without_a_revocation_list_is_not_made(folder: Path) -> None:
    with pytest.raises(OutputFailed, match="REVOCATION_MISSING"):
        outcome(folder, named(revocation=()))
    assert not (folder / "a.zip").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cades": "keys/private/dsse-p256.key"}, "not the certificate of the sealing key"),
        ({"certificate": None}, "needs both"),
        ({"cades": None}, "needs both"),
        ({"certificate": "keys/trust/seal-root.pem"}, "not the certificate of the sealing key"),
        ({"certificate": "absent.crt"}, "cannot be read"),
        ({"certificate": "keys/private/seal.crl"}, "PEM certificates"),
        ({"dsse_ml_dsa_65": "keys/private/seal.key"}, "not a key for ml-dsa-65"),
        ({"dsse_p256": "keys/private/dsse-ml-dsa-65.key"}, "not a key for ecdsa-p256"),
        ({"dsse_p256": "keys/private/seal.key"}, "separate keys"),
    ],
)
def test_keys_that_do_not_belong_together_are_refused(folder: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        open_sealer(folder, named(**changes), (), NOW)


def test_certificate_without_its_root_is_refused(folder: Path) -> None:
    path = folder / "keys" / "private" / "seal.crt"
    first, _, _ = path.read_text().partition("-----END CERTIFICATE-----\n")
    path.write_text(f"{first}-----END CERTIFICATE-----\n")
    with pytest.raises(BadInput, match="must end with the root"):
        open_sealer(folder, local(), (), NOW)


def test_certificate_that_has_ended_is_noticed_before_anything_is_gathered(folder: Path) -> None:
    with pytest.raises(BadInput, match="certificate ended on 2027"):
        open_sealer(folder, local(), (), NOW + timedelta(days=731))


@pytest.mark.parametrize("content", [b"no list", None])
def test_revocation_list_that_cannot_be_had_is_our_failure(folder: Path, content: bytes | None) -> None:
    path = folder / "keys" / "private" / "seal.crl"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(OutputFailed, match=r"seal\.crl"):
        open_sealer(folder, named(), (), NOW).revocation()


def test_authority_needs_its_root_in_the_trust_folder_or_by_name(folder: Path) -> None:
    asked = (TimeStamping(url="https://tsa.example/tsr"),)
    with pytest.raises(BadInput, match=r"roots: tsa-roots\.pem"):
        open_sealer(folder, local(), asked, NOW)
    shutil.copy(folder / "keys" / "trust" / "seal-root.pem", folder / "keys" / "trust" / "tsa-roots.pem")
    found = open_sealer(folder, local(), asked, NOW)
    by_name = (TimeStamping(url="https://tsa.example/tsr", roots="keys/trust/seal-root.pem"),)
    assert found.tsa_roots == open_sealer(folder, local(), by_name, NOW).tsa_roots != ()
    assert found.time_level == "rfc3161"


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ({"url": "https://a.example"}, ["https://a.example"]),
        ([{"url": "https://a.example"}, {"url": "https://b.example"}], ["https://a.example", "https://b.example"]),
        ([], []),
    ],
)
def test_one_authority_or_several_may_be_written(written: object, urls: list[str]) -> None:
    found = TypeAdapter(Timestamps).validate_python(written)
    assert [each.url for each in found] == urls


def test_query_of_a_token_and_a_passphrase_are_not_published() -> None:
    written = {"passphrase": "hunter2", "cades": "pkcs11:token=a;object=b?module-path=/usr/lib/x.so&pin-value=1234"}
    assert publishable(written) == {"passphrase": "given", "cades": "pkcs11:token=a;object=b"}


def test_published_audit_file_names_machines_and_neither_persons_nor_passwords() -> None:
    written = ["https://10.0.0.9/tsr", "https://jane:hunter22@tsa.example", ["ciso@bank.example"]]
    assert publishable(written) == ["https://10.0.0.9/tsr", "given", ["given"]]
