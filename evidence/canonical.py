"""Canonical JSON (RFC 8785) out, strict JSON in: what is hashed has exactly one form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import rfc8785

from evidence.errors import ProbityError

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_JSON_BYTES = 256 * 1024 * 1024
MAX_JSON_DEPTH = 64

_E = TypeVar("_E", bound=ProbityError)


def canonical_bytes(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value; numbers beyond 2**53 must already be strings."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ProbityError(f"value has no canonical JSON form: {error}") from error


def sha256_hex(data: bytes) -> str:
    """Return the lower-case hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def strict_json(data: bytes, *, what: str, error: Callable[[str], _E]) -> Json:
    """Parse untrusted JSON: UTF-8 only, no duplicate keys, no NaN, bounded size and depth.

    `error` makes the exception to raise, so that the caller's room decides what a malformed document means.
    """
    if len(data) > MAX_JSON_BYTES:
        raise error(f"{what}: {len(data)} bytes exceed the limit of {MAX_JSON_BYTES}")
    try:
        value: Json = json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as cause:
        raise error(f"{what}: not strict JSON ({cause})") from cause
    if _depth(value) > MAX_JSON_DEPTH:
        raise error(f"{what}: nested deeper than {MAX_JSON_DEPTH} levels")
    return value


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [k for k, _ in pairs]
        raise ValueError(f"duplicate key {next(k for k in keys if keys.count(k) > 1)!r}")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Json) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        children: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
        level = children
    return deepest
