"""Exports through the command line: from verified content only, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.manifest import EXPORTS
from tests.cli.engagements import ROOT, audited, bundles, members, probity, trail

FORMATS = ("oscal", "ocsf", "junit", "sarif", "csv")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, _ = audited(trail(tmp_path_factory.mktemp("export") / "e"))
    return bundles(folder)[0], folder / "keys" / "trust"


@pytest.mark.parametrize("form", FORMATS)
def test_a_verified_bundle_is_exported(sealed: tuple[Path, Path], tmp_path: Path, form: str) -> None:
    bundle, trust = sealed
    out = tmp_path / "out"
    outcome = probity("export", bundle, "--trust", trust, "--to", form, "--out", out)
    assert (outcome.code, outcome.out, b"RES-EU" in out.read_bytes()) == (0, f"{out}\n", True)


def test_an_export_is_the_one_that_was_sealed(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, trust = sealed
    for form, member in EXPORTS.items():
        probity("export", bundle, "--trust", trust, "--to", form, "--out", tmp_path / form)
        assert (tmp_path / form).read_bytes() == members(bundle)[member]


@pytest.mark.parametrize("form", FORMATS)
def test_an_old_bundle_is_exported(tmp_path: Path, form: str) -> None:
    bundle = ROOT / "tests" / "corpus" / "first-form" / "bundle.zip"
    out = tmp_path / "out"
    assert probity("export", bundle, "--trust", bundle.parent / "trust", "--to", form, "--out", out).code == 0


def test_nothing_is_exported_that_was_not_verified(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, trust = sealed
    changed, out = tmp_path / "a.zip", tmp_path / "out"
    changed.write_bytes(bundle.read_bytes().replace(b"RES-EU", b"RES-UE"))
    told = [
        probity("export", changed, "--trust", trust, "--to", "csv", "--out", out).code,
        probity("export", bundle, "--to", "csv", "--out", out).code,
    ]
    assert (told, out.exists()) == ([4, 4], False)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, trust = sealed
    (tmp_path / "out").mkdir()
    outcome = probity("export", bundle, "--trust", trust, "--to", "csv", "--out", tmp_path / "out")
    assert (outcome.code, [p.name for p in tmp_path.iterdir()]) == (5, ["out"])
