"""`probity lint`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checks.contract_example import EXAMPLE
from tests.cli.commands import runner


@pytest.fixture
def probity(capsys):
    return runner(capsys)


def written(folder: Path, text: str) -> Path:
    file = folder / "contract.yaml"
    file.write_text(text, "utf-8")
    return file


def test_a_valid_contract_exits_0_although_it_has_a_warning(probity, tmp_path):
    outcome = probity("lint", written(tmp_path, EXAMPLE))
    assert outcome.code == 0
    assert "warning[C033]" in outcome.out
    assert outcome.out.endswith("valid, no errors, 1 warning\n")
    assert outcome.err == ""


def test_an_invalid_contract_exits_2_and_names_every_mistake(probity, tmp_path):
    outcome = probity("lint", written(tmp_path, EXAMPLE.replace("24h", "24").replace("[api]", "api")))
    assert outcome.code == 2
    assert "error[C015]" in outcome.out
    assert "error[C013]" in outcome.out
    assert "invalid, 2 errors, 1 warning" in outcome.out


def test_a_folder_stands_for_its_contract(probity, tmp_path):
    written(tmp_path, EXAMPLE)
    assert probity("lint", tmp_path).code == 0


def test_the_path_is_shown_as_it_was_given(probity, tmp_path, monkeypatch):
    written(tmp_path, EXAMPLE.replace("24h", "24"))
    monkeypatch.chdir(tmp_path)
    assert "error[C015] contract.yaml:17:14: " in probity("lint", "contract.yaml").out
    assert "error[C015] contract.yaml:17:14: " in probity("lint", ".").out


def test_a_missing_contract_exits_2_and_says_what_to_do(probity, tmp_path):
    outcome = probity("lint", tmp_path)
    assert outcome.code == 2
    assert "error[C001]" in outcome.out
    assert "probity init" in outcome.out


def test_json_is_one_document_with_places(probity, tmp_path):
    file = written(tmp_path, EXAMPLE.replace("24h", "24"))
    outcome = probity("lint", file, "--format", "json")
    document = json.loads(outcome.out)
    assert outcome.code == 2
    assert document["schema"] == "probity.lint/v1"
    assert document["valid"] is False
    assert [p["severity"] for p in document["problems"]] == ["warning", "error"]
    assert document["problems"][1] == {
        "code": "C015",
        "severity": "error",
        "message": "24 is a bare number",
        "file": str(file),
        "line": 17,
        "column": 14,
        "hint": "a duration needs a unit: write 24h, 24d or 24mo",
    }


def test_json_of_a_valid_contract_says_so(probity, tmp_path):
    outcome = probity("lint", written(tmp_path, EXAMPLE), "--format", "json")
    assert (outcome.code, json.loads(outcome.out)["valid"]) == (0, True)
