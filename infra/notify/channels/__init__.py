"""One file per channel; a new file is found by itself, in this package and nowhere else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import get_args

from infra.notify.channel import Channel


def discover() -> Mapping[str, type[Channel]]:
    """Return every channel class by kind."""
    found: dict[str, type[Channel]] = {}
    for module in pkgutil.iter_modules(__path__):
        declared: type[Channel] = importlib.import_module(f"{__name__}.{module.name}").CHANNEL
        found[str(get_args(declared.model_fields["kind"].annotation)[0])] = declared
    return dict(sorted(found.items()))
