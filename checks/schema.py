"""The JSON Schema of `contract.yaml`, so that an editor completes and refuses while counsel types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.commitment import Commitment
from checks.commitments import discover
from checks.contract import NAME_PATTERN, contract_model

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REQUIRED = ("kind", "clause", "severity")

Json = dict[str, Any]


def contract_schema(kinds: Mapping[str, type[Commitment]] | None = None) -> Json:
    """Return the JSON Schema (draft 2020-12) of a contract file over these kinds (default: every kind installed)."""
    schema = contract_model(discover() if kinds is None else kinds).model_json_schema(by_alias=True)
    properties: Json = schema["properties"]
    clause = _clause(schema["$defs"], properties["commitments"].pop("patternProperties")[NAME_PATTERN])
    paper = properties["documents"].pop("patternProperties")[NAME_PATTERN]
    properties["commitments"] |= _named(clause)
    properties["documents"] |= _named(paper)
    _allow_unquoted_commas(schema["$defs"]["Party"])
    return published(schema, "Probity contract (contract/v1)")


def published(schema: Json, title: str) -> Json:
    """Return a schema as editors are given it: with its dialect, one title, and none that say nothing new."""
    return {"$schema": DIALECT, **_untitled(schema), "title": title}


def _named(member: Json) -> Json:
    return {"propertyNames": {"pattern": NAME_PATTERN}, "additionalProperties": member}


def _clause(definitions: Json, union: Json) -> Json:
    """Return the schema of one clause: `if kind is … then …` instead of a choice.

    An editor then names the wrong term, and not the many ways in which the clause could have been of another kind.
    """
    kinds_of: dict[str, list[str]] = {}
    for kind, reference in union.get("discriminator", {}).get("mapping", {}).items():
        kinds_of.setdefault(reference, []).append(kind)
    for reference in kinds_of:
        definition = definitions[reference.rpartition("/")[2]]
        definition["required"] = sorted({*definition["required"], *REQUIRED})
    return {
        "type": "object",
        "required": list(REQUIRED),
        "properties": {"kind": {"enum": [kind for kinds in kinds_of.values() for kind in kinds]}},
        "allOf": [
            {"if": {"properties": {"kind": {"enum": kinds}}, "required": ["kind"]}, "then": {"$ref": reference}}
            for reference, kinds in kinds_of.items()
        ],
    }


def _allow_unquoted_commas(party: Json) -> None:
    """Let an editor accept `{name: Example AI, PBC}`, which YAML reads as a second key without a value."""
    party["additionalProperties"] = {"type": "null", "description": "the rest of a name written with a comma"}


def _untitled(schema: Any) -> Any:
    """Return the schema without the titles pydantic derives from field names: they say nothing new."""
    if isinstance(schema, dict):
        titled = isinstance(schema.get("title"), str)
        return {k: _untitled(v) for k, v in schema.items() if not (titled and k == "title")}
    return [_untitled(item) for item in schema] if isinstance(schema, list) else schema
