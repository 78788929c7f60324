"""Clauses of a kind that the catalogue knows and nothing checks yet: they load, and stay visibly unproven."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import ConfigDict

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernel import Kernel
from evidence.errors import ProbityError


@cache
def catalogue() -> tuple[str, ...]:
    """Return the names of every known kind of commitment, checked or not, sorted."""
    return tuple(resources.files("checks").joinpath("catalogue.txt").read_text("utf-8").split())


class UncheckedCommitment(Commitment):
    """A clause that no check judges; its result is always `unproven: no_check`. Its terms are kept as written."""

    model_config = ConfigDict(extra="allow")

    title: ClassVar[str] = "Nothing checks this kind of clause yet"
    needs: ClassVar[tuple[Need, ...]] = ()
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "have the clause examined by a person and keep what they found")
    explanation: ClassVar[str] = (
        "The kind is in the catalogue, but no check for it is installed. The clause is listed in every result as "
        "unproven with the reason no_check, so that nobody mistakes silence for a promise kept."
    )

    @property
    def terms(self) -> Mapping[str, Any]:
        """Return the terms that only a check for this kind would understand, read-only at every level."""
        return MappingProxyType({name: _frozen(value) for name, value in (self.model_extra or {}).items()})

    def promise(self) -> str:
        """Return the clause's own words, or the kind in words."""
        return self.quote or self.kind.replace("-", " ")

    def test(self) -> str:
        """Say that there was no test."""
        return "Nothing was tested: no check for this kind of clause is installed"

    def kernel(self, scope: Scope) -> Kernel:  # noqa: ARG002
        """Raise `ProbityError`: the result of an unchecked clause is written without a kernel."""
        raise ProbityError(f"nothing checks clauses of the kind {self.kind!r}; their result is unproven: no_check")


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({name: _frozen(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
