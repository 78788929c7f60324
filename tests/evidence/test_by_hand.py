"""The page "verify by hand" is executed with bash, coreutils and openssl, on good bundles and on bad ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.bundle import instructions, seal_bundle
from evidence.canonical import sha256_hex
from evidence.renewal import renew
from evidence.spki import public_pem
from tests.attacks.forge import FORGERS
from tests.evidence import by_hand, doubly, logged, pki, sealed


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.seal(tmp_path_factory.mktemp("sealed") / "a.zip")


@pytest.fixture(scope="module")
def trust_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.write_trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bundle of the full form, logged as well, and the trust folder of its reader."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "trust").mkdir()
    held = logged.trust(doubly.trust(ledger=True))
    return logged.seal_full(folder / "full.zip"), logged.write_trust(folder / "trust", held)


def test_good_bundle_of_the_first_form_is_verified_and_every_check_has_run(bundle: Path, trust_folder: Path) -> None:
    done = by_hand.run(bundle, trust_folder)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, lines[-1]) == (0, "", "VERIFIED")
    assert sum(line.startswith("pass ") for line in lines) == by_hand.CHECKS_OF_FIRST_FORM
    assert '"status":"breached"' in lines[-2]


def test_good_bundle_of_the_full_form_is_verified_and_every_check_has_run(full: tuple[Path, Path]) -> None:
    done = by_hand.run(*full, at="2025-07-03")
    assert (done.returncode, done.stderr) == (0, "")
    assert sum(line.startswith("pass ") for line in done.stdout.splitlines()) == by_hand.CHECKS


def test_page_says_which_steps_it_does_not_verify(full: tuple[Path, Path], bundle: Path, trust_folder: Path) -> None:
    said = [by_hand.run(*full, at="2025-07-03"), by_hand.run(bundle, trust_folder)]
    steps = [
        [line.split()[1] for line in run.stdout.splitlines() if line.endswith(": not verified here")] for run in said
    ]
    assert steps == [["6", "8", "10", "11"], ["10", "11"]]


def test_renewed_bundle_is_verified_after_the_end_of_its_first_authority(
    full: tuple[Path, Path], tmp_path: Path
) -> None:
    renewed = renew(full[0], tmp_path / "renewed.zip", [pki.At(pki.second, datetime(2037, 1, 1, tzinfo=UTC))])
    ends = [by_hand.run(path, full[1], at="2039-01-01").returncode for path in (full[0], renewed)]
    assert ends == [4, 0]


def test_bundle_with_empty_and_large_members_is_verified(tmp_path: Path, trust_folder: Path) -> None:
    payload = sealed.payload() | {"evidence/a.parquet": bytes(300_000), "evidence/b/empty.parquet": b""}
    big = seal_bundle(tmp_path / "big.zip", payload, sealed.facts(), sealed.sealing())
    assert by_hand.run(big, trust_folder).returncode == 0


def test_bundle_with_a_pdf_report_of_its_findings_is_verified(tmp_path: Path, trust_folder: Path) -> None:
    named = f"%PDF-1.7\n\x80\0findings-sha256:{sha256_hex(sealed.findings_bytes())}<".encode("latin-1")
    payload = sealed.payload() | {"report.pdf": named}
    both = seal_bundle(tmp_path / "a.zip", payload, sealed.facts(), sealed.sealing())
    assert by_hand.run(both, trust_folder).returncode == 0


def test_tampered_bundle_is_not_verified(bundle: Path, trust_folder: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(FORGERS["flip_verdict"](bundle.read_bytes()))
    done = by_hand.run(forged, trust_folder)
    assert (done.returncode, "FAIL  3 payload digests" in done.stdout) == (4, True)
    assert "\nVERIFIED" not in done.stdout


@pytest.mark.parametrize("removed", range(by_hand.CHECKS))
def test_check_that_did_not_run_is_a_failure(full: tuple[Path, Path], removed: int) -> None:
    calls = re.findall(r"check '[^']+' \w+", by_hand.script())
    assert len(calls) == by_hand.CHECKS
    done = by_hand.run(*full, by_hand.script().replace(calls[removed], ":"), at="2025-07-03")
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
