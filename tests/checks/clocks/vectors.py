"""The worked examples, and what the function makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from checks.clocks.anchor import read_anchor
from checks.clocks.deadline import Deadline, Facts, deadline
from checks.clocks.rule import rule_named
from evidence.model import instant_text

VECTORS: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(Path(__file__).with_name("vectors.yaml"))


def found(vector: dict[str, Any], compute: Callable[..., Deadline] = deadline) -> Deadline:
    anchors = [read_anchor(f"{name}={stated}") for name, stated in vector["anchors"].items()]
    facts = Facts(
        anchors={anchor.name: anchor for anchor in anchors},
        entities=frozenset([vector["entity"]] if "entity" in vector else []),
        countries=tuple([vector["country"]] if "country" in vector else []),
        circumstances=frozenset([vector["circumstance"]] if "circumstance" in vector else []),
        affected=vector.get("affected"),
        contract_hours=int(vector["within"].rstrip("h")) if "within" in vector else None,
        zone=vector.get("tz"),
    )
    return compute(rule_named(vector["rule"]), facts)


def holds(vector: dict[str, Any], compute: Callable[..., Deadline] = deadline) -> bool:
    answer = found(vector, compute)
    due = None if answer.due is None else instant_text(answer.due)
    outer = None if answer.outer is None else instant_text(answer.outer)
    local = None if answer.due is None else answer.due.astimezone(answer.zone).isoformat()
    return (
        due == vector["due"]
        and answer.standing.value == vector.get("status", "computed")
        and vector.get("outer", outer) == outer
        and vector.get("local", local) == local
    )
