"""What neither NIST's schema nor other validators look at: that every reference in a document resolves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from flows.export.complete import ExportIncomplete

#: Keys that define an identifier, and keys that refer to one.
DEFINING = {"uuid": "uuid", "id": "id", "control-id": "control-id"}
REFERRING = {
    "actor-uuid": "uuid",
    "component-uuid": "uuid",
    "observation-uuid": "uuid",
    "risk-uuid": "uuid",
    "subject-uuid": "uuid",
    "party-uuids": "uuid",
    "role-id": "id",
    "objective-id": "id",
    "target-id": "id",
}


def check_references(document: Mapping[str, Any]) -> None:
    """Resolve every identifier and fragment of assessment results inside them; ExportIncomplete names the first fault.

    1. no UUID and no id is given twice; 2. every reference by UUID or id, and every selected control, is defined here;
    3. every `#…` in an href is a resource of the back matter.
    """
    pairs = list(_pairs(document, ()))
    defined: dict[str, Counter[str]] = {kind: Counter() for kind in ("uuid", "id", "control-id")}
    for path, key, value in pairs:
        if key in DEFINING and not (key == "control-id" and "include-controls" in path):
            defined[DEFINING[key]][value] += 1
    for kind, names in defined.items():  # 1
        if repeated := [name for name, count in names.items() if count > 1]:
            raise ExportIncomplete(f"oscal: {kind} {repeated[0]} is given twice")
    fragments = {f"#{r['uuid']}" for r in document.get("back-matter", {}).get("resources", ())}
    for path, key, value in pairs:
        kind = "control-id" if key == "control-id" and "include-controls" in path else REFERRING.get(key, "")
        if kind and value not in defined[kind]:  # 2
            raise ExportIncomplete(f"oscal: {key} {value} is defined nowhere")
        if key == "href" and value.startswith("#") and value not in fragments:  # 3
            raise ExportIncomplete(f"oscal: {value} is no resource of the back matter")


def _pairs(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield every text with its key and the keys above it; texts of a list have the key of the list."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner, path)
    elif isinstance(value, str) and path:
        yield path[:-1], path[-1], value
