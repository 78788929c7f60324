from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from evidence.certificates import pem
from evidence.errors import BadInput, OutputFailed
from evidence.keys import make_keys
from evidence.signer import LocalSigner, private_pem
from evidence.spki import digest_of_key, public_pem
from evidence.trust import load_trust
from tests.evidence import pki, sealed

PRIVATE = serialization.PrivateFormat


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def private_folder(tmp_path: Path, data: bytes, permissions: int = 0o600) -> Path:
    path = tmp_path / "dsse-p256.key"
    path.write_bytes(data)
    path.chmod(permissions)
    return path


def test_new_keys_sign_and_their_trust_folder_verifies(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys", "Acme Internal Audit", datetime.now(UTC))
    signer = LocalSigner.load(tmp_path / "keys" / "private" / "dsse-p256.key", "ecdsa-p256-sha256")
    trust = load_trust(tmp_path / "keys" / "trust")
    assert trust.key_id == digest_of_key(signer.public_key)
    assert trust.signer_name == "Acme Internal Audit"


def test_private_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o755)
    make_keys(tmp_path, "Acme", datetime.now(UTC))
    assert (mode(tmp_path / "private"), mode(tmp_path / "private" / "dsse-p256.key")) == (0o700, 0o600)


def test_trust_folder_holds_nothing_private(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC))
    names = ["dsse-ml-dsa-65.pub", "dsse-p256.pub", "ledger.vkey", "policy.json", "seal-root.pem"]
    assert sorted(path.name for path in (tmp_path / "trust").iterdir()) == names
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in (tmp_path / "trust").iterdir())


def test_policy_made_with_the_keys_says_what_it_demands(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC))
    policy = json.loads((tmp_path / "trust" / "policy.json").read_text())
    demanded = ["dsse-p256", "ml-dsa-65", "cades"]
    assert (policy["require"], policy["time"], policy["ledger"]) == (demanded, "local-clock", True)


@pytest.mark.parametrize("existing", ["private/dsse-p256.key", "trust/dsse-p256.pub", "trust/policy.json"])
def test_keys_that_exist_are_never_overwritten(tmp_path: Path, existing: str) -> None:
    path = tmp_path / existing
    path.parent.mkdir()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="already exists"):
        make_keys(tmp_path, "Acme", datetime.now(UTC))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 121])
def test_name_that_is_not_one_line_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="one line"):
        make_keys(tmp_path / "keys", name, datetime.now(UTC))
    assert not (tmp_path / "keys").exists()


def test_folder_that_cannot_be_made_is_our_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputFailed, match="cannot be written"):
        make_keys(tmp_path / "file", "Acme", datetime.now(UTC))


def test_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run: probity keys new DIR"):
        LocalSigner.load(tmp_path / "dsse-p256.key", "ecdsa-p256-sha256")


@pytest.mark.parametrize("permissions", [0o640, 0o604, 0o620, 0o601])
def test_key_that_others_may_use_is_refused(tmp_path: Path, permissions: int) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC))
    (tmp_path / "private" / "dsse-p256.key").chmod(permissions)
    with pytest.raises(BadInput, match="chmod 600"):
        LocalSigner.load(tmp_path / "private" / "dsse-p256.key", "ecdsa-p256-sha256")


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
        public_pem(sealed.SIGNER.public_key),
        private_pem(MLDSA65PrivateKey.from_seed_bytes(bytes(32)), None),
    ],
)
def test_key_of_another_kind_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadInput, match=r"dsse-p256\.key"):
        LocalSigner.load(private_folder(tmp_path, data), "ecdsa-p256-sha256")


def test_four_keys_are_made_and_none_serves_twice(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC))
    keys = {path.read_bytes() for path in (tmp_path / "private").glob("*.key")}
    trust = load_trust(tmp_path / "trust")
    assert len(keys) == 4
    assert trust.policy.sealed_by is not None
    assert trust.policy.sealed_by[0].keyid != trust.key_id


def test_certificate_may_seal_documents_and_nothing_else(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC))
    own, root = x509.load_pem_x509_certificates((tmp_path / "private" / "seal.crt").read_bytes())
    usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert [o.dotted_string for o in own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value] == [
        "1.3.6.1.5.5.7.3.36"
    ]
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    own.verify_directly_issued_by(root)


def test_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC), passphrase="correct horse")
    path = tmp_path / "private" / "dsse-ml-dsa-65.key"
    assert b"ENCRYPTED" in path.read_bytes()
    assert LocalSigner.load(path, "ml-dsa-65", "correct horse").sign(b"x")
    with pytest.raises(BadInput, match="no passphrase"):
        LocalSigner.load(path, "ml-dsa-65")
    with pytest.raises(BadInput, match="passphrase is another"):
        LocalSigner.load(path, "ml-dsa-65", "battery staple")


def test_roots_of_authorities_make_time_stamps_a_demand(tmp_path: Path) -> None:
    make_keys(tmp_path, "Acme", datetime.now(UTC), tsa_roots=pem(pki.first().root))
    trust = load_trust(tmp_path / "trust")
    assert (trust.policy.time, trust.tsa_roots) == ("rfc3161", (pki.first().root,))
