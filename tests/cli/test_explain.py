"""`probity explain` and `probity schema`."""

from __future__ import annotations

import json

import pytest

from tests.checks.contract_example import EXAMPLE
from tests.cli.commands import runner


@pytest.fixture
def probity(capsys):
    return runner(capsys)


def test_a_commitment_of_the_contract_here_is_explained(probity, tmp_path, monkeypatch):
    (tmp_path / "contract.yaml").write_text(EXAMPLE, "utf-8")
    monkeypatch.chdir(tmp_path)
    outcome = probity("explain", "RET-24H")
    assert outcome.code == 0
    assert outcome.out.startswith("RET-24H: ")


def test_another_contract_is_named_by_file_or_folder(probity, tmp_path):
    (tmp_path / "contract.yaml").write_text(EXAMPLE, "utf-8")
    assert probity("explain", "RES-EU", "--contract", tmp_path).code == 0
    assert probity("explain", "RES-EU", "--contract", tmp_path / "contract.yaml").code == 0


def test_a_kind_is_explained_without_a_contract(probity, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "max_age (required)" in probity("explain", "data-retention-limit").out
    assert "no_check" in probity("explain", "advisory-board-seat").out


def test_a_name_nobody_knows_exits_2_on_stderr_only(probity, tmp_path):
    (tmp_path / "contract.yaml").write_text(EXAMPLE, "utf-8")
    outcome = probity("explain", "RET-42H", "--contract", tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean 'RET-24H'" in outcome.err


def test_an_invalid_contract_is_reported_whole(probity, tmp_path):
    (tmp_path / "contract.yaml").write_text(EXAMPLE.replace("24h", "24").replace("[api]", "api"), "utf-8")
    outcome = probity("explain", "RET-24H", "--contract", tmp_path)
    assert outcome.code == 2
    assert "C013" in outcome.err
    assert "C015" in outcome.err


def test_the_schema_is_json_on_stdout(probity):
    outcome = probity("schema")
    assert outcome.code == 0
    assert json.loads(outcome.out)["$schema"].endswith("2020-12/schema")
    assert probity("schema", "--what", "contract").out == outcome.out
