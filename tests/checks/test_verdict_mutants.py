"""The tests of the status function notice every way of breaking it in one place."""

from __future__ import annotations

from checks.verdict import decide
from tests.mutation.status import mutants, noticed


def test_no_mutant_of_the_status_function_goes_unnoticed() -> None:
    assert not noticed(decide)
    tried = list(mutants())
    assert len(tried) > 30
    assert [name for name, mutant in tried if not noticed(mutant)] == []
