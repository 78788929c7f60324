"""Edges: cases that the search found, each a case changed in a few places, kept in `edges.yaml` beside the cases.

An edge is written as a case is, with `of`, the name of the case that it changes, and a name that says what changed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.metamorphic.desk import CASES, cases
from tests.world import load_cases

Stated = dict[str, Any]


def path_of(kind: str) -> Path:
    """Return where the edges of a kind are."""
    return CASES / kind / "edges.yaml"


@cache
def edges(kind: str) -> tuple[Stated, ...]:
    """Return the edges of a kind; nobody may change what it returns."""
    return tuple(load_cases(path_of(kind))["edges"]) if path_of(kind).exists() else ()


def written(listed: Sequence[Stated]) -> str:
    """Return edges as YAML, one line each."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = 1_000_000
    yaml.sort_base_mapping_type_on_output = False
    # What one edge states twice is written twice: anchors of two edges would bear one name.
    yaml.representer.ignore_aliases = lambda _: True
    lines = []
    for edge in listed:
        out = io.StringIO()
        yaml.dump(edge, out)
        lines.append("  - " + out.getvalue().strip() + "\n")
    return "edges:\n" + "".join(lines)


def distinct(listed: Sequence[Stated]) -> list[Stated]:
    """Return edges each under a name of its own, and none that another is in all but its name."""
    named: dict[str, Stated] = {}
    for edge in listed:
        nameless = {key: value for key, value in edge.items() if key != "name"}
        if any(nameless == {k: v for k, v in other.items() if k != "name"} for other in named.values()):
            continue
        number, name = 1, edge["name"]
        while name in named:
            number, name = number + 1, f"{edge['name']} ({number + 1})"
        named[name] = edge | {"name": name}
    return list(named.values())


def name_of(kind: str, edge: Stated) -> str:
    """Return what an edge changes of its case, in a line."""
    whole = cases(kind)
    origin = next(case for case in whole["cases"] if case["name"] == edge["of"])
    return f"{edge['of']}: " + ("; ".join(_changes(kind, origin, edge)) or "as it is")


def _changes(kind: str, origin: Stated, edge: Stated) -> Iterator[str]:
    before, after = origin.get("change", {}), edge.get("change", {})
    for part in ("period", "as_of", "terms"):
        if edge.get(part) != origin.get(part):
            yield f"{part} {_short(edge.get(part))}"
    for family, dropped in after.get("drop", {}).items():
        for index in sorted(set(dropped) - set(before.get("drop", {}).get(family, ()))):
            yield f"without {family} {index + 1}"
    for family, edits in after.get("set", {}).items():
        known = {int(i): e for i, e in before.get("set", {}).get(family, {}).items()}
        for index, edit in edits.items():
            for column, value in edit.items():
                if column not in known.get(int(index), {}) or known[int(index)][column] != value:
                    yield f"{family} {int(index) + 1} {column} = {_short(value)}"
    for family, more in after.get("add", {}).items():
        held = before.get("add", {}).get(family, [])
        rows = [r for r in (*cases(kind)["given"].get(family, ()), *held) if isinstance(r, dict)]
        for row in [r for r in more if r not in held]:
            yield f"{family} also {_besides(row, rows)}"
        for row in [r for r in held if r not in more]:
            yield f"{family} without {_besides(row, rows)}"
    for part in ("without", "empty", "drop_column"):
        if after.get(part) != before.get(part):
            yield f"{part} {_short(after.get(part))}"


def _besides(row: Any, rows: list[Stated]) -> str:
    """Return in what a row differs from the one that is most like it."""
    if not isinstance(row, dict):
        return "a line that cannot be read"
    differing = [{c: v for c, v in row.items() if c not in r or r[c] != v} for r in rows]
    least = min(differing, key=len, default=row)
    if not least:
        return "one twice"
    return ", ".join(f"{column} {_short(value)}" for column, value in list(least.items())[:3])


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_short(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
