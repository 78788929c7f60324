"""From keys to a renewed bundle through the command line, with real authorities; openssl agrees at every step."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.engagements import bundles, edit, probity, trail, unjudged
from tests.evidence import by_hand
from tests.tsa_server import Unit, openssl, serving

pytestmark = pytest.mark.server
CADES = "seal/tagmanifest-sha256.txt.p7s"
#: The seal's certificate lasts two years, the first authority ten.
SIGNER_ENDED, AUTHORITY_ENDED = (f"{datetime.now(UTC) + timedelta(days=365 * n):%Y-%m-%d}" for n in (9, 11))


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> tuple[Unit, Unit]:
    folder = tmp_path_factory.mktemp("tsa")
    return Unit(folder / "one", "One Time", days=3650), Unit(folder / "two", "Two Time", days=9000, curve="P-384")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, units: tuple[Unit, Unit]) -> Path:
    """An engagement with a stamped bundle, sealed with keys whose files are encrypted."""
    folder = unjudged(trail(tmp_path_factory.mktemp("engagement") / "e"))
    shutil.rmtree(folder / "keys")
    roots = folder / "roots.pem"
    roots.write_bytes(b"".join(unit.root.read_bytes() for unit in units))
    made = probity("keys", "new", folder / "keys", "--passphrase", "correct horse", "--tsa-roots", roots)
    assert made.code == 0, made.err
    with serving(units[0].answer) as url, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PROBITY_TEST_PHRASE", "correct horse")
        keys = 'keys: keys/private, passphrase: "${PROBITY_TEST_PHRASE}"}\ntimestamp: {url: "' + url + '"}'
        edit(folder / "audit.yaml", "keys: keys/private}", keys)
        done = probity("audit", folder)
    assert done.code == 0, done.err
    return folder


def unpacked(bundle: Path, into: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(into)
    return into


def test_audit_yields_a_doubly_sealed_and_stamped_bundle(sealed: Path) -> None:
    done = probity("verify", bundles(sealed)[0], "--trust", sealed / "keys" / "trust", "--format", "json")
    answer = json.loads(done.out)
    assert (done.code, answer["levels"], answer["time"]["source"]) == (
        0,
        {"seal": "simple", "time": "rfc3161"},
        "rfc3161",
    )
    algorithms = [signer["algorithm"] for signer in answer["signers"]]
    assert algorithms == ["ecdsa-p256-sha256", "cades ecdsa-p256-sha256", "ml-dsa-65"]


def test_openssl_verifies_seal_and_stamps_of_the_audit(sealed: Path, tmp_path: Path) -> None:
    files, trust = unpacked(bundles(sealed)[0], tmp_path / "bag"), sealed / "keys" / "trust"
    (tmp_path / "ca.pem").write_bytes((trust / "seal-root.pem").read_bytes() + (files / "seal/ltv/01.crl").read_bytes())
    against = ("-content", "tagmanifest-sha256.txt", "-CAfile", str(tmp_path / "ca.pem"), "-crl_check_all")
    openssl(files, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", CADES, *against, "-purpose", "any")
    for name in (CADES, "seal/statement.dsse.json", "archive/0001-sha256.txt"):
        roots = str(trust / "tsa-roots.pem")
        openssl(files, "ts", "-verify", "-in", f"{name}.tsr", "-data", name, "-CAfile", roots)


def test_tools_by_hand_verify_the_audit(sealed: Path) -> None:
    done = by_hand.run(bundles(sealed)[0], sealed / "keys" / "trust")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "VERIFIED")


def test_bundle_names_neither_passphrase_nor_variable(sealed: Path) -> None:
    data = bundles(sealed)[0].read_bytes()
    assert b"correct horse" not in data
    assert b"PROBITY_TEST_PHRASE" not in data


def test_renewal_prolongs_the_bundle_beyond_its_first_authority(
    sealed: Path, units: tuple[Unit, Unit], tmp_path: Path
) -> None:
    bundle, trust, renewed = bundles(sealed)[0], sealed / "keys" / "trust", tmp_path / "renewed.zip"
    with serving(units[1].answer) as url:
        done = probity("renew", bundle, "--tsa", url, "--trust", trust, "--out", renewed)
    assert (done.code, done.out.strip()) == (0, str(renewed)), done.err
    later = ("--trust", trust, "--at", f"{AUTHORITY_ENDED}T00:00:00Z")
    assert [probity("verify", path, *later).code for path in (bundle, renewed)] == [4, 0]
    assert by_hand.run(renewed, trust, at=AUTHORITY_ENDED).returncode == 0
    openssl(
        unpacked(renewed, tmp_path / "bag"),
        *("ts", "-verify", "-in", "archive/0002-sha256.txt.tsr", "-data", "archive/0002-sha256.txt"),
        *("-CAfile", str(units[1].root)),
    )


def test_renewal_of_what_does_not_verify_is_refused(sealed: Path, units: tuple[Unit, Unit], tmp_path: Path) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(bundles(sealed)[0].read_bytes().replace(b"not_in_force", b"not_in_farce", 1))
    with serving(units[1].answer) as url:
        done = probity("renew", forged, "--tsa", url, "--trust", sealed / "keys" / "trust")
    assert (done.code, [path.name for path in tmp_path.iterdir()]) == (4, ["forged.zip"])


def test_renewal_by_an_authority_the_reader_does_not_know_leaves_nothing(sealed: Path, tmp_path: Path) -> None:
    stranger = Unit(tmp_path / "stranger", "Stranger", days=500)
    with serving(stranger.answer) as url:
        trust = sealed / "keys" / "trust"
        done = probity("renew", bundles(sealed)[0], "--tsa", url, "--trust", trust, "--out", tmp_path / "out.zip")
    assert (done.code, (tmp_path / "out.zip").exists(), "tsa-roots.pem" in done.err) == (5, False, True)


def test_audit_without_its_authority_seals_nothing(sealed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sealed, tmp_path / "e", ignore=shutil.ignore_patterns("bundles", ".probity")))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PROBITY_TEST_PHRASE", "correct horse")
        done = probity("audit", folder)
    assert (done.code, bundles(folder)) == (5, [])
    assert "does not answer" in done.err


FAKETIME = shutil.which("faketime")


@pytest.mark.skipif(FAKETIME is None, reason="needs Debian's faketime, which .ci/run installs")
def test_verifiers_under_a_faked_clock_agree_with_the_instant_given(sealed: Path) -> None:
    bundle, trust = bundles(sealed)[0], sealed / "keys" / "trust"
    assert FAKETIME is not None
    for instant, code in ((SIGNER_ENDED, 0), (AUTHORITY_ENDED, 4)):
        clock = [FAKETIME, "-f", f"@{instant} 00:00:00"]
        page = [*clock, "bash", "-c", by_hand.script(), "page", str(bundle), str(trust)]
        program = [*clock, sys.executable, "-m", "evidence", "verify", str(bundle), "--trust", str(trust)]
        given = probity("verify", bundle, "--trust", trust, "--at", f"{instant}T00:00:00Z").code
        faked = [subprocess.run(words, capture_output=True, check=False).returncode for words in (page, program)]
        assert (given, faked) == (code, [code, code])
