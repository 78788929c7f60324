"""What every kind must bring to be tested here, and that the quick engine may stand in for the real one."""

from __future__ import annotations

import pytest

from checks.commitments import discover
from checks.engine.duck import DuckEngine
from evidence.families import all_families
from evidence.model import Status
from flows.audit_file import AuditFile
from infra.sources import discover as sources
from tests.metamorphic.desk import KINDS, Desk, base, broken, cases, in_files
from tests.metamorphic.measures import measure_of

KEYS = {"indispensable", "violation", "contradiction"}


@pytest.mark.parametrize("kind", sorted(discover()))
def test_a_kind_states_its_violation_its_contradiction_and_its_boundary(kind: str) -> None:
    whole = cases(kind)
    assert set(whole) >= KEYS, "add the missing keys at the end of the kind's cases.yaml"
    assert set(whole["indispensable"]) <= set(whole["given"]) <= set(all_families())
    assert ("boundary" in whole) is (measure_of(kind) is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_is_met_and_holds_every_family_the_kind_requires(kind: str, desk: Desk) -> None:
    assert cases(kind)["cases"][0]["expect"] == "met"
    assert "change" not in cases(kind)["cases"][0]
    assert desk.status(kind, base(kind)) is Status.MET
    assert {need.family for need in discover()[kind].needs if need.required} <= set(base(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_engine_answers_as_great_expectations_does(kind: str, desk: Desk) -> None:
    quick, real = (desk.audit(kind, in_files(base(kind)), engine=e) for e in (None, DuckEngine))
    assert quick == real


def test_the_quick_engine_counts_violations_as_great_expectations_does(desk: Desk) -> None:
    quick, real = (desk.audit(KINDS[0], in_files(broken(KINDS[0])), engine=e) for e in (None, DuckEngine))
    assert quick == real


#: Said in both files, of different things: the contract names the schedules that must run and how far apart at most,
#: the audit file when they do. A slot it leaves out is a gap between windows, which the contract's rhythm refuses.
SAME_NAME = {"scheduled-compliance-audit": {"schedules"}}


@pytest.mark.parametrize("kind", KINDS)
def test_no_configuration_can_state_a_term_of_the_contract(kind: str) -> None:
    own = set(discover()[kind].model_fields) - {"kind"}
    configured = [AuditFile, *sources().values()]
    assert own
    for model in configured:
        assert model.model_config["extra"] == "forbid"
        assert not (own - SAME_NAME.get(kind, set())) & set(model.model_fields)
