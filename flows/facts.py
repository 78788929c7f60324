"""A finding as flat facts, `path → text`: what comparisons name and what an export must carry without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.model import Finding

Facts = dict[str, str]


def facts_of(finding: Finding | Mapping[str, Any]) -> Facts:
    """Return every value of a finding by its path, such as `population.ok` or `exhibits.0.record`.

    Text is itself; numbers and truth values are as JSON writes them. What is null or empty is no fact.
    """
    stated = finding.as_json() if isinstance(finding, Finding) else finding
    return dict(_leaves(stated, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{index}")
    elif value is not None and value != "":
        yield path, value if isinstance(value, str) else json.dumps(value)
