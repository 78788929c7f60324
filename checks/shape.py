"""Walk a pydantic model beside the data it judged: which keys are known at a place, and what they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from checks.yaml_reader import Path


def keys_at(root: type[BaseModel], data: object, path: Path) -> tuple[str, ...]:
    """Return the keys that the models at `path` know, as they are written in a file."""
    return tuple(dict.fromkeys(name for m in _models_at(root, data, path) for name in _fields(m)))


def description_at(root: type[BaseModel], data: object, path: Path) -> str:
    """Return what the nearest described key on the way to `path` is for, or nothing."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    for model in _models_at(root, data, path[:-1]) if path else ():
        described = _fields(model).get(str(path[-1]))
        if described is not None and described.description:
            return described.description
    return ""


def _models_at(root: type[BaseModel], data: object, path: Path) -> tuple[type[BaseModel], ...]:
    found: list[Any] = [root]
    for item in path:
        found = [inner for annotation in found for inner in _into(annotation, item)]
        data = _step(data, item)
    return tuple(m for annotation in found for m in _models(annotation) if _is_for(m, data))


def _step(data: object, item: str | int) -> object:
    if isinstance(data, Mapping):
        return data.get(item)
    if isinstance(data, Sequence) and not isinstance(data, str) and isinstance(item, int) and item < len(data):
        return data[item]
    return None


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the members of unions and annotated types; everything else is its own only part."""
    if isinstance(annotation, type) or get_origin(annotation) in {dict, Mapping, tuple, list, Literal}:
        yield annotation
        return
    for inner in get_args(annotation):
        yield from _parts(inner)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and get_origin(part) is None and issubclass(part, BaseModel):
            yield part


def _into(annotation: Any, item: str | int) -> Iterator[Any]:
    for model in _models(annotation):
        if (field := _fields(model).get(str(item))) is not None:
            yield field.annotation
    for part in _parts(annotation):
        arguments = get_args(part)
        if arguments and get_origin(part) is not Literal:
            yield arguments[1] if isinstance(item, str) and len(arguments) > 1 else arguments[0]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_for(model: type[BaseModel], data: object) -> bool:
    """Return whether a member of a union by `kind` is the one the data names."""
    kind = model.model_fields.get("kind")
    written = data.get("kind") if isinstance(data, Mapping) else None
    return (
        kind is None
        or written is None
        or get_origin(kind.annotation) is not Literal
        or written in get_args(kind.annotation)
    )
