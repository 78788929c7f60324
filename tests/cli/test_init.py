"""`probity init`."""

from __future__ import annotations

import pytest

from checks.contract import load_contract
from flows.audit_file import load_audit_file
from tests.cli.commands import runner

FILES = ["contract.yaml", "audit.yaml", "evidence/README.md"]


@pytest.fixture
def probity(capsys):
    return runner(capsys)


def test_the_skeleton_lints_clean(probity, tmp_path):
    folder = tmp_path / "Acme & Example, 2026"
    outcome = probity("init", folder)
    assert outcome.code == 0
    assert outcome.out.splitlines() == [str(folder / name) for name in FILES]
    loaded = load_contract(folder / "contract.yaml")
    assert loaded.problems == ()
    assert loaded.contract.id == "acme-example-2026"


def test_the_audit_file_of_the_skeleton_is_valid(probity, tmp_path):
    probity("init", tmp_path)
    assert load_audit_file(tmp_path / "audit.yaml", {})[0].contract == "contract.yaml"


def test_a_folder_without_a_usable_name_gets_an_id(probity, tmp_path):
    probity("init", tmp_path / "§§")
    assert load_contract(tmp_path / "§§" / "contract.yaml").contract.id == "engagement"


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten_and_nothing_is_added(probity, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    outcome = probity("init", tmp_path)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "error[C020]" in outcome.err
    assert (tmp_path / name).read_text() == "mine"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / name]


def test_no_half_written_files_stay_behind(probity, tmp_path):
    probity("init", tmp_path)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == sorted(FILES)


def test_a_failure_half_way_leaves_nothing(probity, tmp_path):
    (tmp_path / "evidence").write_text("a file where a folder must be")
    outcome = probity("init", tmp_path)
    assert outcome.code == 5
    assert [p.name for p in tmp_path.iterdir()] == ["evidence"]
