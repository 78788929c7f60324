"""Every kind against its cases: met, breached, unproven, the boundaries and every false pass of the catalogue."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from checks.commitments import discover
from checks.engine.duck import DuckEngine
from evidence.model import Period
from tests.metamorphic.quick import QuickEngine
from tests.world import answers, audit_rows, changed, contract_of, load_cases

HERE = Path(__file__).parent
KINDS = sorted(discover())


def _cases() -> list[Any]:
    found = []
    for kind in KINDS:
        whole = load_cases(HERE / kind / "cases.yaml")
        real = {whole["cases"][0]["name"], next(c["name"] for c in whole["cases"] if c["expect"] == "breached")}
        for case in whole["cases"]:
            # Great Expectations judges the base and a breach of every kind; for the rest the quick engine gives its
            # answers, as tests/metamorphic proves, in a tenth of the time.
            engine = DuckEngine if case["name"] in real else QuickEngine
            found.append(pytest.param(kind, whole, case, engine, id=f"{kind}: {case['name']}"))
    return found


def _period(stated: dict[str, str]) -> Period:
    return Period.model_validate(stated)


@pytest.mark.parametrize(("kind", "whole", "case", "engine"), _cases())
def test_case_gives_its_status(
    kind: str, whole: dict[str, Any], case: dict[str, Any], engine: type[DuckEngine], tmp_path: Path
) -> None:
    finding = audit_rows(
        tmp_path,
        contract_of(kind, whole["terms"] | case.get("terms", {})),
        changed(whole["given"], case.get("change", {})),
        _period(case.get("period", whole["period"])),
        datetime.fromisoformat(case.get("as_of", whole["as_of"])),
        tuple(case.get("tamper", ())),
        tuple(case.get("lose", ())),
        engine,
    )
    assert not list(answers(finding, case)), finding.because


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_cases_that_matter(kind: str) -> None:
    cases = load_cases(HERE / kind / "cases.yaml")["cases"]
    assert {"met", "breached", "unproven"} <= {c["expect"] for c in cases}
    assert any(c["name"].startswith("boundary") for c in cases)
    assert any(c["name"].startswith("false pass") for c in cases)


@pytest.mark.parametrize("kind", KINDS)
def test_no_false_pass_is_a_pass_and_no_two_cases_have_one_name(kind: str) -> None:
    cases = load_cases(HERE / kind / "cases.yaml")["cases"]
    assert {c["expect"] for c in cases if c["name"].startswith("false pass")} <= {"breached", "unproven"}
    assert len({c["name"] for c in cases}) == len(cases)
