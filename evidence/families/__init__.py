"""Record families: the tables through which sources and checks meet, one schema file each."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from evidence.errors import ProbityError
from evidence.families.schema import Family, Type

__all__ = ["Family", "all_families", "family", "personal_fields", "plain_fields"]


@cache
def all_families() -> Mapping[str, Family]:
    """Return every family of this package by name; discovery looks nowhere else."""
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name in {"schema", "arrow"}:
            continue
        declared: Family = importlib.import_module(f"{__name__}.{module.name}").FAMILY
        found[declared.name] = declared
    return found


@cache
def personal_fields() -> tuple[str, ...]:
    """Return every personal column as `family.column`, sorted."""
    return tuple(sorted(f"{f.name}.{c.name}" for f in all_families().values() for c in f.all_columns if c.personal))


@cache
def plain_fields() -> tuple[str, ...]:
    """Return every stated column of text that is not personal as `family.column`, sorted: what may hold anything."""
    return tuple(
        sorted(
            f"{f.name}.{c.name}"
            for f in all_families().values()
            for c in f.columns
            if c.type in {Type.TEXT, Type.LIST} and not (c.personal or c.allowed)
        )
    )


def family(name: str) -> Family:
    """Return one family by its name."""
    try:
        return all_families()[name]
    except KeyError:
        raise ProbityError(f"no record family is called {name!r}; known: {', '.join(sorted(all_families()))}") from None
