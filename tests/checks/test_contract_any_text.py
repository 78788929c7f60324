"""Whatever somebody writes, the answer is a contract or a list of problems; nothing else comes out."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from checks.contract import parse_contract
from evidence.errors import BadInput, Problem
from tests.checks.contract_example import EXAMPLE

FRAGMENTS = [
    "&a ",
    "*a",
    "!!x ",
    "? ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ": ",
    ", ",
    "|\n",
    ">\n",
    "'",
    '"',
    "\t",
    "\n  ",
    "<<: ",
]
FRAGMENTS += [
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "#",
    "0x",
    "1e9",
    r'"\U99999999"',
    "\x85",
    "\u2028",
    "~",
    "\ufeff",
    "@",
    "\r",
]

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["NO", "24h"])
)
keys = st.text(max_size=8) | st.sampled_from(["name", "kind", "from", "to", "clause", "severity", "in_force", "title"])
trees = st.recursive(scalars, lambda t: st.lists(t, max_size=3) | st.dictionaries(keys, t, max_size=4), max_leaves=12)
TOP = [
    "probity",
    "id",
    "version",
    "customer",
    "vendor",
    "services",
    "term",
    "documents",
    "commitments",
    "consent_offices",
]


def judge(raw: bytes) -> None:
    refused: tuple[Problem, ...] | None = None
    try:
        loaded = parse_contract(raw, "any.yaml")
    except BadInput as error:
        refused = error.problems
        str(error).encode()  # can be shown
    if refused is None:
        loaded.contract.as_json()
        assert all(p.warning for p in loaded.problems)
    else:
        assert not all(p.warning for p in refused)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_never_an_internal_failure(raw: bytes):
    judge(raw)


@given(st.text(max_size=200))
def test_arbitrary_text_is_never_an_internal_failure(text: str):
    judge(text.encode("utf-8", "surrogatepass"))


@given(st.dictionaries(st.sampled_from(TOP), trees))
def test_arbitrary_trees_are_never_an_internal_failure(tree: dict[str, object]):
    judge(json.dumps(tree).encode())


@given(st.lists(st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 20), st.sampled_from(FRAGMENTS)), max_size=5))
def test_a_damaged_contract_is_never_an_internal_failure(edits: list[tuple[int, int, str]]):
    text = EXAMPLE
    for start, length, fragment in edits:
        text = text[:start] + fragment + text[start + length :]
    judge(text.encode())
