"""One file per source of evidence; a new file is found by itself, in this package and nowhere else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import get_args

from infra.source import Source


def discover() -> Mapping[str, type[Source]]:
    """Return every source class by kind."""
    found: dict[str, type[Source]] = {}
    for module in pkgutil.iter_modules(__path__):
        declared: type[Source] = importlib.import_module(f"{__name__}.{module.name}").SOURCE
        found[kind_of(declared)] = declared
    return dict(sorted(found.items()))


def kind_of(source: type[Source]) -> str:
    """Return the kind a class is for: the one value of its `kind` literal."""
    return str(get_args(source.model_fields["kind"].annotation)[0])
