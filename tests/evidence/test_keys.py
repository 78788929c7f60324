from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from evidence import p256
from evidence.errors import BadInput, OutputFailed
from evidence.keys import make_keys
from evidence.signer import LocalSigner
from evidence.trust import load_trust
from tests.evidence import sealed

PRIVATE = serialization.PrivateFormat


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def private_folder(tmp_path: Path, data: bytes, permissions: int = 0o600) -> Path:
    path = tmp_path / "dsse-p256.key"
    path.write_bytes(data)
    path.chmod(permissions)
    return tmp_path


def test_new_keys_sign_and_their_trust_folder_verifies(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys", "Acme Internal Audit")
    signer = LocalSigner.load(tmp_path / "keys" / "private")
    trust = load_trust(tmp_path / "keys" / "trust")
    assert trust.key_id == p256.key_id(signer.public_key)
    assert trust.signer_name == "Acme Internal Audit"


def test_private_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o755)
    make_keys(tmp_path, "Acme")
    assert (mode(tmp_path / "private"), mode(tmp_path / "private" / "dsse-p256.key")) == (0o700, 0o600)


def test_trust_folder_holds_nothing_private(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme")
    assert sorted(path.name for path in (tmp_path / "trust").iterdir()) == ["dsse-p256.pub", "policy.json"]
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in (tmp_path / "trust").iterdir())


def test_policy_made_with_the_keys_says_what_it_demands(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme")
    policy = json.loads((tmp_path / "trust" / "policy.json").read_text())
    assert (policy["require"], policy["time"], policy["ledger"]) == (["dsse-p256"], "local-clock", False)


@pytest.mark.parametrize("existing", ["private/dsse-p256.key", "trust/dsse-p256.pub", "trust/policy.json"])
def test_keys_that_exist_are_never_overwritten(tmp_path: Path, existing: str) -> None:
    path = tmp_path / existing
    path.parent.mkdir()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="already exists"):
        make_keys(tmp_path, "Acme")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 121])
def test_name_that_is_not_one_line_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="one line"):
        make_keys(tmp_path / "keys", name)
    assert not (tmp_path / "keys").exists()


def test_folder_that_cannot_be_made_is_our_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputFailed, match="cannot be written"):
        make_keys(tmp_path / "file", "Acme")


def test_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run: probity keys new DIR"):
        LocalSigner.load(tmp_path)


@pytest.mark.parametrize("permissions", [0o640, 0o604, 0o620, 0o601])
def test_key_that_others_may_use_is_refused(tmp_path: Path, permissions: int) -> None:
    make_keys(tmp_path, "Acme")
    (tmp_path / "private" / "dsse-p256.key").chmod(permissions)
    with pytest.raises(BadInput, match="chmod 600"):
        LocalSigner.load(tmp_path / "private")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ec.derive_private_key(7, ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, PRIVATE.PKCS8, serialization.NoEncryption()
        ),
        ec.derive_private_key(7, ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, PRIVATE.PKCS8, serialization.BestAvailableEncryption(b"secret")
        ),
        ec.derive_private_key(7, ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, PRIVATE.TraditionalOpenSSL, serialization.NoEncryption()
        ),
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).private_bytes(
            serialization.Encoding.PEM, PRIVATE.PKCS8, serialization.NoEncryption()
        ),
        p256.public_pem(sealed.SIGNER.public_key),
    ],
)
def test_key_of_another_kind_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadInput, match=r"dsse-p256\.key"):
        LocalSigner.load(private_folder(tmp_path, data))
