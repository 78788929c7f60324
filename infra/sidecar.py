"""What two people keyed from a file that no machine can read, bound to that very file by its SHA-256."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from evidence.families import family

KEYS = {"probity", "family", "file", "sha256", "keyed_by", "record"}
FORMAT = "document/v1"
MAX_SIDECAR = 256 * 1024
PEOPLE = 2
DIGITS = 64


def read_sidecar(data: bytes, families: Collection[str], found_out: frozenset[str]) -> dict[str, Any]:
    """Return what a side-car says, complete; `ValueError` says what is missing or not allowed.

    `family` is one of `families`, by default the last; `found_out` are columns that nobody may key.
    """
    try:
        stated = YAML(typ="safe", pure=True).load(data)
    except (YAMLError, UnicodeDecodeError, RecursionError, ValueError) as cause:
        raise ValueError(f"is no YAML ({type(cause).__name__})") from None
    if not isinstance(stated, dict) or stated.get("probity") != FORMAT:
        raise ValueError(f"does not begin with `probity: {FORMAT}`")
    if unknown := sorted(map(str, set(stated) - KEYS)):
        raise ValueError(f"has a key that nothing knows: {unknown[0]}")
    if not _two(stated.get("keyed_by")):
        raise ValueError("`keyed_by` must name two different people who compared it with the document")
    name = stated.setdefault("family", sorted(families)[-1])
    if name not in families:
        raise ValueError(f"`family` is one of {', '.join(sorted(families))}")
    digest, file, record = (stated.get(key) for key in ("sha256", "file", "record"))
    if (
        not isinstance(digest, str)
        or len(digest) != DIGITS
        or not isinstance(file, str)
        or not isinstance(record, dict)
    ):
        raise ValueError("needs `file`, `sha256` (64 hexadecimal digits) and `record`")
    known = {column.name for column in family(name).columns}
    if wrong := sorted(map(str, (set(record) - known) | (set(record) & found_out))):
        raise ValueError(f"`record` may not have {wrong[0]}: it is no column of {name}, or is found out from the file")
    return stated | {"sha256": digest.lower(), "record": {key: _plain(value) for key, value in record.items()}}


def _two(people: Any) -> bool:
    if not isinstance(people, list):
        return False
    return len({str(one).strip().casefold() for one in people if str(one).strip()}) >= PEOPLE


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: YAML reads days and instants as such, and the tables read them from text."""
    return value.isoformat() if hasattr(value, "isoformat") else value
