"""Arrays that are read object by object say the same as JSON read whole, at every cut between two chunks."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import MAX_ELEMENT_BYTES, objects_of
from evidence.errors import ProbityError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(data: bytes, *cuts: int) -> list[object]:
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(edges)]
    return [json.loads(found) for found in objects_of(chunks, what="cards", error=ProbityError)]


@given(st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=5), st.booleans(), st.data())
def test_objects_are_those_of_the_array_wherever_it_is_cut(values: list, spaced: bool, data: st.DataObject) -> None:
    text = json.dumps(values, ensure_ascii=spaced, indent=1 if spaced else None).encode()
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=4))
    assert read(text, *cuts) == values


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b"{}",
        b"[1]",
        b"[{},]",
        b"[{} {}]",
        b"[,{}]",
        b"[{}]]",
        b"[{}] {}",
        b"[{}",
        b'[{"a":1,"a":2}]',
        b'[{"a":NaN}]',
        b'[{"a":"\xff"}]',
        b"[{" + b'"a":{' * 5000,
        b'[{"a":' + b'{"a":' * 70 + b"1" + b"}" * 71 + b"]",
        b'[{"a":"' + b"x" * (MAX_ELEMENT_BYTES + 9) + b'"}]',
        b'[{"a":"' + b"x" * (MAX_ELEMENT_BYTES + 9),
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(ProbityError, match="not a strict JSON array of objects"):
        read(text, 1, len(text) // 2)
