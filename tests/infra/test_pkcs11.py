"""Keys in a PKCS#11 token: SoftHSM's, which .ci/run installs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType
from pkcs11.util.ec import encode_named_curve_parameters

from evidence import authority, cades, dsse, p256
from evidence.errors import BadInput, OutputFailed
from infra.cades import CadesMaker
from infra.signers import open_signer
from tests.evidence import pki

MODULES = [Path("/usr/lib/softhsm/libsofthsm2.so"), *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")]
MODULE = next((path for path in MODULES if path.exists()), None)
needs_token = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None, reason="needs Debian's softhsm2, which .ci/run installs"
)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A token with a P-256 key pair that cannot be taken out, made through PKCS#11 itself."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    (folder / "pin").write_text("1234\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOFTHSM2_CONF", str(configuration))
        words = ["softhsm2-util", "--init-token", "--free", "--label", "seals", "--pin", "1234", "--so-pin", "5678"]
        subprocess.run(words, check=True, capture_output=True)
        with pkcs11.lib(str(MODULE)).get_token(token_label="seals").open(rw=True, user_pin="1234") as session:
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
            session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(store=True, label="seal")
        yield f"pkcs11:token=seals;object=seal?module-path={MODULE}&pin-source={folder / 'pin'}"


@needs_token
def test_key_in_a_token_signs_a_statement(uri: str) -> None:
    signer = open_signer(uri, p256.ALGORITHM, Path(), None)
    envelope = dsse.parse(dsse.sign(b'{"a":1}', [signer]))
    dsse.check(envelope.payload, envelope.signatures[0], signer.public_key)


@needs_token
def test_key_in_a_token_makes_a_cades_seal(uri: str) -> None:
    signer, own = open_signer(uri, p256.ALGORITHM, Path(), None), pki.seal_keys()
    certificate = authority.make_seal_certificate(signer.public_key, "HSM", own.root, own.root_key, pki.MADE)
    made = CadesMaker(signer, (certificate, own.root)).seal(b"content")
    assert cades.read(made, b"content").signer == certificate


@needs_token
@pytest.mark.parametrize(
    ("old", "new"), [("object=seal", "object=other"), ("token=seals", "token=other"), ("pin-source=", "pin-value=")]
)
def test_key_that_cannot_be_used_is_noticed_when_it_is_opened(uri: str, old: str, new: str) -> None:
    with pytest.raises(OutputFailed, match="the token cannot be used"):
        open_signer(uri.replace(old, new), p256.ALGORITHM, Path(), None)


@pytest.mark.parametrize("uri", ["pkcs11:", "pkcs11:token=a", "pkcs11:token=a;object=b?module-path=c&color=red"])
def test_uri_that_names_no_key_is_refused(uri: str) -> None:
    with pytest.raises(BadInput, match="names a key"):
        open_signer(uri, p256.ALGORITHM, Path(), None)


def test_pin_is_never_shown() -> None:
    with pytest.raises(BadInput) as caught:
        open_signer("pkcs11:token=a?pin-value=1234", p256.ALGORITHM, Path(), None)
    assert "1234" not in str(caught.value)
