"""Changes to good input: bytes anywhere, and in JSON one value at a time, so that the rest still reads."""

from __future__ import annotations

import json
from random import Random
from typing import Any

#: What readers stumble over: limits of integers, floats that are not finite, text that is not UTF-8, other types.
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**53,
    2**63,
    2**64 + 1,
    1.5,
    float("inf"),
    "",
    "\x00",
    "\ud800",
    "\u212b",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "2025-07-02T00:00:00",
    "x" * 300,
    [],
    {},
    [[]],
    {"": {}},
)


def changed(data: bytes, chance: Random) -> bytes:
    """Return the bytes with one change, which may be none."""
    if data and chance.random() < 0.6 and (other := changed_json(data, chance)) is not None:
        return other
    start = chance.randint(0, len(data))
    end = min(len(data), start + chance.choice((0, 1, 1, 2, 8, 64)))
    put = chance.choice((b"", b"\0", b"\xff", b"\n", b"\x80", chance.randbytes(1), chance.randbytes(4), data[:end]))
    return data[:start] + put + data[end:]


def changed_json(data: bytes, chance: Random) -> bytes | None:
    """Return JSON with one of its values changed, removed, repeated or added; None when it is no JSON."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    text = json.dumps(
        _changed(value, chance), separators=(",", ":"), sort_keys=True, ensure_ascii=chance.random() < 0.5
    )
    return text.encode("utf-8", "surrogatepass")


def _changed(value: Any, chance: Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        match chance.randrange(8):
            case 0:
                return {k: v for k, v in value.items() if k != key}
            case 1:
                return {**value, chance.choice(("", "added", key.upper())): chance.choice(ODD)}
        return {**value, key: _changed(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        match chance.randrange(6):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return value + value[at : at + 1]
        return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
    if isinstance(value, str) and value and chance.random() < 0.3:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice(("0", "Z", "\u00e9", "\n", "")) + value[at + 1 :]
    return chance.choice(ODD)
