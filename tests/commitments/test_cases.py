"""Every kind against its cases: met, breached, unproven, the boundaries and every false pass of the catalogue."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from checks.commitments import discover
from checks.judge import judge
from evidence.model import Period
from tests.metamorphic.desk import Desk, in_files
from tests.metamorphic.quick import QuickEngine
from tests.world import answers, audit_rows, changed, contract_of, load_cases

HERE = Path(__file__).parent
KINDS = sorted(discover())


def _cases() -> list[Any]:
    # Great Expectations judges the base and a breach of every kind, gathered as one folder. The rest take a tenth of
    # the time: by the quick engine, which gives its answers, as tests/metamorphic proves, and by families, each of
    # which is gathered once however many cases leave it as it is.
    found = []
    for kind in KINDS:
        whole = load_cases(HERE / kind / "cases.yaml")
        real = {whole["cases"][0]["name"], next(c["name"] for c in whole["cases"] if c["expect"] == "breached")}
        found += [pytest.param(kind, whole, c, c["name"] in real, id=f"{kind}: {c['name']}") for c in whole["cases"]]
    return found


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize(("kind", "whole", "case", "real"), _cases())
def test_case_gives_its_status(
    kind: str, whole: dict[str, Any], case: dict[str, Any], real: bool, tmp_path: Path, desk: Desk
) -> None:
    contract = contract_of(kind, whole["terms"] | case.get("terms", {}))
    rows = changed(whole["given"], case.get("change", {}))
    period = Period.model_validate(case.get("period", whole["period"]))
    as_of = datetime.fromisoformat(case.get("as_of", whole["as_of"]))
    spoilt = tuple(case.get("tamper", ())), tuple(case.get("lose", ()))
    if real:
        finding = audit_rows(tmp_path, contract, rows, period, as_of, *spoilt)
    else:
        tables, evidence = desk.evidence(in_files(rows), period, *spoilt)
        finding = judge(contract, period, as_of, evidence, QuickEngine(tables)).findings[0]
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
