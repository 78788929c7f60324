"""The page and the program agree on every bundle of the corpus and on every attack, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.trust import load_trust
from evidence.verify import verify
from tests.attacks.forge import FORGERS
from tests.attacks.test_attacks import CASES as ATTACKS
from tests.attacks.test_attacks import MAKERS, instant, write_trust
from tests.corpus.test_corpus import CASES as CORPUS
from tests.corpus.test_corpus import HERE as CORPUS_FOLDER
from tests.page.browser import VerifyPage, chromium, needs_chromium

pytestmark = needs_chromium

#: The steps that the page says it never checks. Nothing else may differ.
NOT_CHECKED: list[int] = []


@dataclass(frozen=True)
class Case:
    """One bundle, the trust folder to verify it against, and as of when."""

    bundle: Path
    trust: Path | None
    at: datetime


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Every attack, and the good bundles they were made from."""
    folder = tmp_path_factory.mktemp("forged")
    good = {form: seal(folder / f"good-{form}.zip").read_bytes() for form, seal in MAKERS.items()}
    made = {name: FORGERS[case["forge"]](good[case.get("form", "first")]) for name, case in ATTACKS.items()}
    cases = ATTACKS | {f"good-{form}": {"form": form} for form in good}
    for name, bundle in made.items():
        (folder / f"{name}.zip").write_bytes(bundle)
    return {
        name: Case(folder / f"{name}.zip", write_trust(folder / f"{name}-trust", case), instant(case))
        for name, case in cases.items()
    }


@pytest.fixture(scope="module")
def page(forged: dict[str, Case]) -> Iterator[VerifyPage]:
    assert forged  # sealed before there is a browser
    with chromium() as browser:
        yield VerifyPage(browser)


def differences(page: VerifyPage, case: Case) -> list[str]:
    """Return what the page answers otherwise than the program, beyond the steps it declares."""
    trust = load_trust(case.trust) if case.trust else None
    expected = verify(case.bundle, trust, at=case.at).as_json()
    answer, found = page.verify(case.bundle.read_bytes(), case.trust, case.at)
    if (answer == "verified") != found["verified"] or (found["verified"] and not expected["verified"]):
        return [f"the page answers {answer}, the program {expected['reason'] or 'verified'}"]
    left_out = [s["step"] for s in found["steps"] if s["reason"] == "NOT_CHECKED_HERE"]
    if set(left_out) - set(NOT_CHECKED):
        return [f"steps {left_out} were not checked"]
    if not left_out:
        pairs = zip(_judged(expected).items(), _judged(found).items(), strict=True)
        return [f"{theirs} for {ours}" for ours, theirs in pairs if ours != theirs]
    if found["verified"] or answer not in {"partly", "failed"}:
        return [f"{answer} without steps {left_out}"]
    return [
        f"step {ours['step']}: {theirs} for {ours}"
        for ours, theirs in zip(expected["steps"], found["steps"], strict=True)
        if ours["step"] < min(left_out) and _outcome(ours) != _outcome(theirs)
    ]


def _outcome(step: dict) -> tuple:
    return step["step"], step["name"], step["outcome"], step["reason"]


def _judged(result: dict) -> dict:
    """Return a result without the prose of its steps."""
    return {**result, "steps": [_outcome(step) for step in result["steps"]]}


def test_page_says_which_steps_it_never_checks(page: VerifyPage) -> None:
    assert page.evaluate("window.probity.notChecked") == NOT_CHECKED


def test_page_agrees_on_every_bundle_of_the_corpus(page: VerifyPage) -> None:
    found = {}
    for name, year, _ in CORPUS:
        bundle = CORPUS_FOLDER / name
        found[name, year] = differences(page, Case(bundle, bundle.parent / "trust", datetime(year, 1, 1, tzinfo=UTC)))
    assert {case: what for case, what in found.items() if what} == {}


def test_page_agrees_on_every_attack(page: VerifyPage, forged: dict[str, Case]) -> None:
    found = {name: differences(page, case) for name, case in forged.items()}
    assert {name: what for name, what in found.items() if what} == {}


def test_page_agrees_without_a_trust_folder(page: VerifyPage, forged: dict[str, Case]) -> None:
    some = dict(list(forged.items())[::4])  # no step but the first three looks at anything
    found = {name: differences(page, replace(case, trust=None)) for name, case in some.items()}
    assert {name: what for name, what in found.items() if what} == {}
