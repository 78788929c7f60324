"""Canonical JSON (RFC 8785) out, strict JSON in: what is hashed has exactly one form."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

import rfc8785

from evidence.errors import ProbityError

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_JSON_BYTES = 256 * 1024 * 1024
MAX_JSON_DEPTH = 64
MAX_ELEMENT_BYTES = 1024 * 1024  # of one object in an array that is read piece by piece

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


def strict_json(data: bytes, *, what: str, error: Callable[[str], _E], most: int | None = None) -> Json:
    """Parse untrusted JSON: UTF-8 only, no duplicate keys, no NaN, bounded size and depth.

    `most` bounds the number of values, since an empty object takes two bytes here and forty times that in memory.
    `error` makes the exception to raise, so that the caller's room decides what a malformed document means.
    """
    if len(data) > MAX_JSON_BYTES:
        raise error(f"{what}: {len(data)} bytes exceed the limit of {MAX_JSON_BYTES}")
    if most is not None and sum(data.count(mark) for mark in (b",", b"[", b"{")) > most:
        raise error(f"{what}: more than {most} values")
    try:
        value: Json = json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as cause:
        raise error(f"{what}: not strict JSON ({cause})") from cause
    if _depth(value) > MAX_JSON_DEPTH:
        raise error(f"{what}: nested deeper than {MAX_JSON_DEPTH} levels")
    return value


def objects_of(chunks: Iterable[bytes], *, what: str, error: Callable[[str], _E]) -> Iterator[bytes]:
    """Yield the objects of an untrusted JSON array one after the other, in memory bounded by one of them.

    Each is as strict as `strict_json` has it; what is between them is white space and commas, and nothing follows.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    text, expected = "", "["  # what is not read yet, and with what it may go on
    try:
        for piece in codecs.iterdecode(chunks, "utf-8"):
            text, at = text + piece, 0
            while (at := _NEXT.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches anywhere
                mark = text[at]
                if mark not in expected:
                    raise ValueError(f"{mark!r} where one of {expected or 'nothing'!r} may stand")
                if mark != "{":
                    at, expected = at + 1, _AFTER[mark]
                elif (end := _end_of(decoder, text, at)) is None:
                    break
                else:
                    yield text[at:end].encode()
                    at, expected = end, ",]"
            text = text[at:]
        if text or expected:
            raise ValueError("cut short")
    except (ValueError, RecursionError) as cause:
        raise error(f"{what}: not a strict JSON array of objects ({cause})") from cause


_NEXT = re.compile(r"[ \t\n\r]*")
_AFTER = {"[": "{]", ",": "{", "]": ""}


def _end_of(decoder: json.JSONDecoder, text: str, start: int) -> int | None:
    """Return where the object that begins there ends; None when not all of it is there yet."""
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError:
        if len(text) - start > MAX_ELEMENT_BYTES:
            raise
        return None
    if end - start > MAX_ELEMENT_BYTES or _depth(value) > MAX_JSON_DEPTH:
        raise ValueError(f"an object beyond {MAX_ELEMENT_BYTES} characters or {MAX_JSON_DEPTH} levels")
    return end


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"duplicate key {key!r}")
        found[key] = value
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
