"""Write the schemas of what a bundle says in JSON, from the classes that write it, for the page to compare with.

`python -m evidence.page.schemas` prints them; a test compares `src/schemas.json` with what it would print.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import BaseModel, TypeAdapter

from evidence.ledger_entry import RunCompleted, RunStarted
from evidence.model import AuditResult, Closed, ExtractionCard
from evidence.policy import Policy
from evidence.statement import Statement

DOCUMENTS: dict[str, Any] = {
    "card": ExtractionCard,
    "findings": AuditResult,
    "policy": Policy,
    "runCompleted": RunCompleted,
    "runStarted": RunStarted,
    "statement": Statement,
}
_PROSE = {"title", "description", "default", "examples"}


def schemas() -> str:
    """Return one JSON document: a JSON Schema by name, without prose, with the fields that are left out when null."""
    absent = {model.__name__: _left_out(model) for model in _descendants(Closed)}
    found = {name: _marked(TypeAdapter(kind).json_schema(), absent) for name, kind in DOCUMENTS.items()}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _descendants(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [found for child in model.__subclasses__() for found in (child, *_descendants(child))]


def _left_out(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items() if field.exclude_if is not None]


def _marked(schema: dict[str, Any], absent: dict[str, list[str]]) -> dict[str, Any]:
    """Return a schema without prose; `title` names the class and, inside `properties`, is a field like others."""
    left_out = absent.get(schema.get("title", ""), [])
    marked = {key: _part(key, value, absent) for key, value in schema.items() if key not in _PROSE}
    return {**marked, "absentWhenNull": left_out} if left_out else marked


def _part(key: str, value: Any, absent: dict[str, list[str]]) -> Any:
    if key in {"properties", "$defs"}:
        return {name: _marked(schema, absent) for name, schema in value.items()}
    if isinstance(value, dict):
        return _marked(value, absent)
    if isinstance(value, list):
        return [_marked(item, absent) if isinstance(item, dict) else item for item in value]
    return value


if __name__ == "__main__":
    sys.stdout.write(schemas())
