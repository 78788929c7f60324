"""The page "verify by hand" is executed with bash, coreutils and openssl, on good bundles and on bad ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.bundle import instructions, seal_bundle
from evidence.p256 import public_pem
from tests.attacks.forge import FORGERS
from tests.evidence import by_hand, sealed


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.seal(tmp_path_factory.mktemp("sealed") / "a.zip")


@pytest.fixture(scope="module")
def trust_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.write_trust(tmp_path_factory.mktemp("trust"))


def test_good_bundle_is_verified_and_every_check_has_run(bundle: Path, trust_folder: Path) -> None:
    done = by_hand.run(bundle, trust_folder)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, lines[-1]) == (0, "", "VERIFIED")
    assert sum(line.startswith("pass ") for line in lines) == by_hand.CHECKS
    assert '"status":"breached"' in lines[-2]


def test_bundle_with_empty_and_large_members_is_verified(tmp_path: Path, trust_folder: Path) -> None:
    payload = sealed.payload() | {"evidence/a.parquet": bytes(300_000), "evidence/b/empty.parquet": b""}
    big = seal_bundle(tmp_path / "big.zip", payload, sealed.facts(), sealed.sealing())
    assert by_hand.run(big, trust_folder).returncode == 0


def test_tampered_bundle_is_not_verified(bundle: Path, trust_folder: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(FORGERS["flip_verdict"](bundle.read_bytes()))
    done = by_hand.run(forged, trust_folder)
    assert (done.returncode, "FAIL  3 payload digests" in done.stdout) == (4, True)
    assert "\nVERIFIED" not in done.stdout


@pytest.mark.parametrize("removed", range(by_hand.CHECKS))
def test_check_that_did_not_run_is_a_failure(bundle: Path, trust_folder: Path, removed: int) -> None:
    calls = re.findall(r"check '[^']+' \w+", by_hand.script())
    assert len(calls) == by_hand.CHECKS
    done = by_hand.run(bundle, trust_folder, by_hand.script().replace(calls[removed], ":"))
    assert (done.returncode, "NOT VERIFIED (" in done.stdout) == (4, True)


@pytest.mark.parametrize("tool", ["unzip", "openssl", "sha256sum", "gzip", "sed"])
def test_missing_tool_is_a_failure(bundle: Path, trust_folder: Path, tool: str) -> None:
    done = by_hand.run(bundle, trust_folder, f"{tool}() {{ return 127; }}\n{by_hand.script()}")
    assert done.returncode == 4


def test_another_key_is_not_verified(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "dsse-p256.pub").write_bytes(public_pem(sealed.STRANGER.public_key))
    assert by_hand.run(bundle, tmp_path).returncode == 4


def test_missing_key_is_not_verified(bundle: Path, tmp_path: Path) -> None:
    assert by_hand.run(bundle, tmp_path).returncode == 4


def test_page_and_instructions_in_the_bundle_have_the_same_commands() -> None:
    assert f"```sh\n{by_hand.script()}```" in instructions().decode()
