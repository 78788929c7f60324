"""One file per kind of promise; a new file is found by itself, in this package and nowhere else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import get_args

from checks.commitment import Commitment


def discover(packages: Iterable[str] = (__name__,)) -> Mapping[str, type[Commitment]]:
    """Return every commitment class by kind, from the modules of the named packages."""
    found: dict[str, type[Commitment]] = {}
    for name in packages:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__):
            declared: type[Commitment] = importlib.import_module(f"{name}.{module.name}").COMMITMENT
            found[kind_of(declared)] = declared
    return dict(sorted(found.items()))


def kind_of(commitment: type[Commitment]) -> str:
    """Return the kind a class is for: the one value of its `kind` literal."""
    return str(get_args(commitment.model_fields["kind"].annotation)[0])
