"""Edges of every kind: what the mutation run would not notice without them. See `tests/mutation/search.py`.

The default run takes every fourth edge of each kind; `make mutants` asks every one before it breaks anything.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.metamorphic.desk import KINDS, Desk
from tests.mutation.case import case_of
from tests.mutation.edges import edges
from tests.mutation.session import Room
from tests.world import answers

SHARE = 4


@pytest.mark.parametrize("kind", [kind for kind in KINDS if edges(kind)])
def test_an_edge_gives_what_it_states(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    wrong: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder, Room() as room:
        desk = Desk(Path(folder))
        for edge in edges(kind)[::SHARE]:
            case = case_of(kind, edge, desk, room)
            if differs := list(answers(case.answer(), edge)):
                wrong[edge["name"]] = differs
            room.leave(case.memory.session)
    assert wrong == {}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if edges(kind)])
def test_no_two_edges_have_one_name(kind: str) -> None:
    names = [edge["name"] for edge in edges(kind)]
    assert len(set(names)) == len(names)
