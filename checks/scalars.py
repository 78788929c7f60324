"""What a plain word means in YAML 1.2's core schema; everything that is not clearly something else is text."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

MAX_DIGITS = 15

#: What an escape could smuggle past a reader's eyes: control characters, half code points, changes of direction.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class Unkept(Enum):
    """What stands for a number that no term can be: infinite, not a number, or of more than `MAX_DIGITS` characters."""

    NUMBER = "number"


def plain_value(text: str) -> Scalar | Unkept:
    """Return the value of a scalar written without quotes; dates, `NO`, `yes` and `24:00` are text."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    whole = _INTEGER.fullmatch(text)
    if whole is None and _FLOAT.fullmatch(text) is None:
        return text
    if len(text) > MAX_DIGITS or text.lower().endswith((".inf", ".nan")):
        return Unkept.NUMBER
    number = _integer(text) if whole else float(text)
    return number if math.isfinite(number) else Unkept.NUMBER


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
