"""Every attack ends in exit code 4 at the step and with the reason its case names; the tools by hand agree."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evidence.verify import run_verify
from tests.attacks.forge import FORGERS
from tests.evidence import by_hand, disclosed, doubly, logged, pki, sealed

HERE = Path(__file__).parent
CASES = {path.parent.name: YAML(typ="safe").load(path) for path in sorted(HERE.glob("*/case.yaml"))}

MAKERS = {
    "first": sealed.seal,
    "doubly": doubly.seal,
    "logged": logged.seal,
    "disclosed": disclosed.seal,
    "full": logged.seal_full,
}
TIMES = {
    "first": sealed.AS_OF,
    "doubly": doubly.NOW,
    "logged": doubly.NOW,
    "disclosed": sealed.AS_OF,
    "full": doubly.NOW,
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One bundle of each form that verifies."""
    folder = tmp_path_factory.mktemp("good")
    return {form: seal(folder / f"{form}.zip").read_bytes() for form, seal in MAKERS.items()}


def write_trust(folder: Path, case: dict) -> Path:
    """Write the folder of a reader who demands what the good bundle of the case has, unless the case says otherwise."""
    folder.mkdir()
    if case.get("form", "first") in {"first", "disclosed"}:
        return sealed.write_trust(folder)
    if case["form"] == "logged":
        return logged.write_trust(folder, logged.trust(**case.get("policy", {})))
    if case["form"] == "full":
        return logged.write_trust(folder, logged.trust(doubly.trust(ledger=True)))
    keys = [getattr(pki, name)() for name in case.get("authorities", ("first", "second"))]
    return doubly.write_trust(folder, doubly.trust(keys, **case.get("policy", {})))


def instant(case: dict) -> datetime:
    return datetime.fromisoformat(case["at"]) if "at" in case else TIMES[case.get("form", "first")]


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path, good: dict[str, bytes]) -> tuple[dict, Path, Path]:
    """The case, the forged bundle and the reader's trust folder."""
    case = CASES[request.param]
    bundle = tmp_path / "forged.zip"
    bundle.write_bytes(FORGERS[case["forge"]](good[case.get("form", "first")]))
    return case, bundle, write_trust(tmp_path / "trust", case)


def verify_json(bundle: Path, trust_folder: Path, at: datetime) -> tuple[int, dict]:
    out = io.StringIO()
    code = run_verify(bundle, trust_folder, "json", out, io.StringIO(), at=at)
    return code, json.loads(out.getvalue())


@pytest.mark.parametrize("scene", CASES, indirect=True)
def test_attack_is_refused_at_its_step_for_its_reason(scene: tuple[dict, Path, Path]) -> None:
    case, forged, trust_folder = scene
    code, answer = verify_json(forged, trust_folder, instant(case))
    failed = [step for step in answer["steps"] if step["outcome"] == "failed"]
    assert (code, answer["verified"], answer["audit"]) == (4, False, None)
    assert [(step["step"], step["reason"]) for step in failed] == [(case["step"], case["reason"])]
    assert case.get("detail", "") in failed[0]["detail"]


@pytest.mark.parametrize("scene", CASES, indirect=True)
def test_attack_is_refused_without_a_trust_folder_too(scene: tuple[dict, Path, Path]) -> None:
    case, forged, _ = scene
    assert run_verify(forged, None, "json", io.StringIO(), io.StringIO(), at=instant(case)) == 4


@pytest.mark.parametrize("scene", CASES, indirect=True)
def test_tools_by_hand_agree_or_the_page_says_that_they_do_not_look(scene: tuple[dict, Path, Path]) -> None:
    case, forged, trust_folder = scene
    refused = by_hand.run(forged, trust_folder, at=f"{instant(case):%Y-%m-%d %H:%M:%S}").returncode == 4
    assert refused is ("by_hand" not in case)


@pytest.mark.parametrize("form", TIMES)
def test_forgeries_start_from_a_bundle_that_verifies(form: str, good: dict[str, bytes], tmp_path: Path) -> None:
    bundle = tmp_path / "good.zip"
    bundle.write_bytes(good[form])
    assert verify_json(bundle, write_trust(tmp_path / "trust", {"form": form}), TIMES[form])[0] == 0


def test_every_forger_has_a_case_and_every_case_a_forger() -> None:
    assert {case["forge"] for case in CASES.values()} == set(FORGERS)
    assert all(name.replace("-", "_") == case["forge"] for name, case in CASES.items())
