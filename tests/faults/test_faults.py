"""A small part of `make faults`: one run over every way of reading a source."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from infra.sources import discover
from tests.faults.scenario import scenarios
from tests.faults.storm import SEED, Storm

pytestmark = pytest.mark.server
#: Sources that no scenario reads yet.
WITHOUT = frozenset({"audits", "probe"})


def test_faults_never_look_like_compliance_and_never_lose_or_double_a_record(tmp_path: Path) -> None:
    storm = Storm(tmp_path, scenarios())
    found = [storm.run(name, random.Random(f"{SEED} sample {name}")) for name in storm.wanted]
    assert {what: wrong for what, _, wrong in found if wrong} == {}


def test_every_source_has_a_scenario() -> None:
    assert set(discover()) - {one.kind for one in scenarios().values()} <= WITHOUT
