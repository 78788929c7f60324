"""Every attack ends in exit code 4 at the step and with the reason its case names; the tools by hand agree."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evidence.verify import run_verify
from tests.attacks.forge import FORGERS
from tests.evidence import by_hand, sealed

HERE = Path(__file__).parent
CASES = {path.parent.name: YAML(typ="safe").load(path) for path in sorted(HERE.glob("*/case.yaml"))}


@pytest.fixture(scope="module")
def trust_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed.write_trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return sealed.seal(tmp_path_factory.mktemp("good") / "good.zip").read_bytes()


@pytest.fixture
def forged(request: pytest.FixtureRequest, tmp_path: Path, good: bytes) -> Path:
    bundle = tmp_path / "forged.zip"
    bundle.write_bytes(FORGERS[CASES[request.param]["forge"]](good))
    return bundle


def verify_json(bundle: Path, trust_folder: Path) -> tuple[int, dict]:
    out = io.StringIO()
    code = run_verify(bundle, trust_folder, "json", out, io.StringIO())
    return code, json.loads(out.getvalue())


@pytest.mark.parametrize(("forged", "name"), [(n, n) for n in CASES], indirect=["forged"], ids=list(CASES))
def test_attack_is_refused_at_its_step_for_its_reason(forged: Path, name: str, trust_folder: Path) -> None:
    case = CASES[name]
    code, answer = verify_json(forged, trust_folder)
    failed = [step for step in answer["steps"] if step["outcome"] == "failed"]
    assert (code, answer["verified"], answer["audit"]) == (4, False, None)
    assert [(step["step"], step["reason"]) for step in failed] == [(case["step"], case["reason"])]
    assert case.get("detail", "") in failed[0]["detail"]


@pytest.mark.parametrize(("forged", "name"), [(n, n) for n in CASES], indirect=["forged"], ids=list(CASES))
def test_attack_is_refused_without_a_trust_folder_too(forged: Path, name: str) -> None:
    assert run_verify(forged, None, "json", io.StringIO(), io.StringIO()) == 4


@pytest.mark.parametrize(("forged", "name"), [(n, n) for n in CASES], indirect=["forged"], ids=list(CASES))
def test_tools_by_hand_agree_or_the_page_says_that_they_do_not_look(
    forged: Path, name: str, trust_folder: Path
) -> None:
    refused = by_hand.run(forged, trust_folder).returncode == 4
    assert refused is ("by_hand" not in CASES[name])


def test_forgeries_start_from_a_bundle_that_verifies(good: bytes, tmp_path: Path, trust_folder: Path) -> None:
    bundle = tmp_path / "good.zip"
    bundle.write_bytes(good)
    assert verify_json(bundle, trust_folder)[0] == 0


def test_every_forger_has_a_case_and_every_case_a_forger() -> None:
    assert {case["forge"] for case in CASES.values()} == set(FORGERS)
    assert all(name.replace("-", "_") == case["forge"] for name, case in CASES.items())
