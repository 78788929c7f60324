"""A small sample of `make fuzz`, the same in every run."""

from __future__ import annotations

from random import Random

import pytest

from evidence.verify import verify
from tests.evidence import doubly, logged
from tests.fuzz import targets
from tests.fuzz.mutators import changed
from tests.fuzz.targets import TARGETS

#: Inputs a target; verifying a whole bundle takes milliseconds, reading one member microseconds.
SLOW = {"member": 150, "signed-member": 150, "whole": 100}


@pytest.mark.parametrize("name", TARGETS)
def test_reader_takes_its_seeds_and_refuses_their_changes_in_its_own_words(name: str) -> None:
    target, chance = TARGETS[name], Random(f"{name} 2025")
    seeds = list(target.seeds())
    for seed in seeds:
        target.read(seed)
    for _ in range(SLOW.get(name, 300)):
        seed = chance.choice(seeds)
        data = changed(seed[target.prefix :], chance)
        target(seed[: target.prefix] + data)


def test_seeds_are_of_a_bundle_that_verifies() -> None:
    path = targets.scratch()
    path.write_bytes(targets.pack(targets.files()))
    assert verify(path, logged.trust(doubly.trust(ledger=True)), at=doubly.NOW).verified
