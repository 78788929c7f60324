"""A trust file stands for the folder it was made from, in the program as on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence.errors import BadInput
from evidence.trust import load_trust
from evidence.trust_files import open_trust, pack
from flows.cli.keys import command as keys
from tests.evidence import logged, sealed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trust").mkdir()
    return logged.write_trust(tmp_path / "trust")


def test_trust_file_is_trusted_as_its_folder_is(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "acme.trust.json"
    packed.write_bytes(pack(open_trust(folder)))
    assert load_trust(packed) == load_trust(folder)


def test_verb_writes_a_file_that_verify_takes(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "acme.trust.json"
    done = CliRunner().invoke(keys, ["trust-file", str(folder), "--out", str(packed)])
    assert done.exit_code == 0
    assert load_trust(packed).key_id == sealed.trust().key_id


def test_verb_refuses_a_folder_that_is_no_trust(tmp_path: Path) -> None:
    done = CliRunner().invoke(keys, ["trust-file", str(tmp_path), "--out", str(tmp_path / "x.json")])
    assert isinstance(done.exception, BadInput)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "probity.trust/v2"}, "is not a trust file"),
        ({"more": 1}, "is not a trust file"),
        ({"files": {"evil.sh": ""}}, "no file of a trust folder"),
        ({"files": {"policy.json": 1}}, "no file of a trust folder"),
        ({"files": {}}, "policy.json"),
        ({"files": {"policy.json": " " * (65 * 1024)}}, "larger than"),
    ],
)
def test_anything_else_is_refused(folder: Path, tmp_path: Path, change: dict, said: str) -> None:
    packed = tmp_path / "bad.json"
    packed.write_text(json.dumps(json.loads(pack(open_trust(folder))) | change))
    with pytest.raises(BadInput, match=said):
        load_trust(packed)
