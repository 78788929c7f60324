"""A quarter within the European Union: every clause of every variant, and what is provisional in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.pipeline import run_audit
from flows.wiring import Request, prepare
from tests.examples.engagements import load_generator

GENERATOR = load_generator("eu-quarter")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return GENERATOR.generate("compliant", tmp_path_factory.mktemp("first") / "engagement")


def audited(variant: str, folder: Path, first: Path) -> dict[str, dict[str, Any]]:
    GENERATOR.generate(variant, folder, first)
    prepared = prepare(Request(str(folder)))
    result = run_audit(prepared.engagement, prepared.run, prepared.sealer).result.as_json()
    return {finding["commitment"]: finding for finding in result["findings"]}


@pytest.mark.parametrize("variant", GENERATOR.VARIANTS)
def test_every_variant_has_the_verdicts_it_must_have(tmp_path: Path, first: Path, variant: str) -> None:
    findings = audited(variant, tmp_path / "engagement", first)
    assert {name: finding["status"] for name, finding in findings.items()} == GENERATOR.expected(variant)
    if variant == "compliant":
        # The bridge letter is only the vendor's word, and the newest independent report looks backwards.
        assert [name for name, finding in findings.items() if finding["provisional"]] == ["TRN-NONE", "ATT-SOC2"]
        assert findings["ATT-SOC2"]["assurance"] == "attested"
        assert findings["AUD-SEAL"]["assurance"] == "observed"
