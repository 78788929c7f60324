"""Turn what pydantic found wrong into problems with a code, a place in the file and a suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from checks.codes import Code
from checks.shape import description_at, keys_at
from checks.yaml12 import Document
from checks.yaml_reader import Path
from evidence.errors import BadInput, Problem

MAX_PROBLEMS = 200
MAX_LISTED = 8
MAX_WORD = 64

Location: TypeAlias = tuple[str | int, ...]
Detail: TypeAlias = Any

_QUOTED = re.compile(r"'([^']*)'")


def near(word: object, options: Iterable[str]) -> str:
    """Return the suggestion `did you mean 'x'?` when one option is close to the word, or nothing."""
    close = nearest(word, options)
    return f"did you mean '{close}'?" if close else ""


def nearest(word: object, options: Iterable[str]) -> str | None:
    """Return the option closest to a mistyped word, if any is close enough."""
    if not isinstance(word, str) or len(word) > MAX_WORD:
        return None
    by_folded = {o.casefold().replace("_", "-"): o for o in options}
    found = difflib.get_close_matches(word.casefold().replace("_", "-"), by_folded, 1, 0.6)
    return by_folded[found[0]] if found else None


def listed(options: Sequence[str]) -> str:
    """Return the options quoted and joined; a long list is cut short and says so."""
    shown = ", ".join(f"'{o}'" for o in options[:MAX_LISTED])
    rest = len(options) - MAX_LISTED
    return shown + (f" and {rest} more" if rest > 0 else "")


def located(error: ValidationError, document: Document, root: type[BaseModel]) -> list[Problem]:
    """Return the problems of a validation, each at the key or value it is about.

    `root` is the model that judged `document.data`.
    """
    details = error.errors(include_url=False)
    reached = [_path(document.data, d["loc"]) for d in details]
    inner = {path[:depth] for path in reached for depth in range(len(path))}
    lists = {path for path, d in zip(reached, details, strict=True) if d["type"] == "tuple_type"}
    problems: list[Problem] = []
    for path, detail in zip(reached, details, strict=True):
        # One branch of a union complains about a whole list when another branch knows which item is wrong.
        whole = isinstance(detail["input"], list | dict) and detail["type"] in {"literal_error", "string_type"}
        echo = whole and path in inner
        if not echo:
            about = _as_list("tuple_type", detail["input"]) if path in lists else ""
            problems.append(_problem(detail, path, document, root, about))
    return problems


def missing(document: Document, path: Path, key: str, hint: str) -> Problem:
    """Return the problem of a mapping that lacks a key, placed where the mapping is named."""
    owner = f" in {path[-1]}" if path else ""
    return Problem(Code.MISSING_KEY, f"'{key}' is missing{owner}", document.place(path, key=True), hint)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems sorted by place, one per place, errors before warnings, and not more than a person reads."""
    ordered = sorted(problems, key=lambda p: (p.place.line or 0, p.place.column or 0, p.warning))
    first: dict[object, Problem] = {}
    for problem in ordered:
        missing = problem.code == Code.MISSING_KEY  # several keys may be missing at one place
        first.setdefault((problem.place, problem.message) if missing else problem.place, problem)
    kept = list(first.values())
    if rest := kept[MAX_PROBLEMS:]:
        only_warnings = all(p.warning for p in rest)
        kept[MAX_PROBLEMS:] = [
            Problem(Code.MANY_MORE, f"and {len(rest)} more problems", rest[0].place, warning=only_warnings)
        ]
    return tuple(kept)


def refuse(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Raise `BadInput` with everything when any problem is an error; else return the warnings in order."""
    ordered = in_order(problems)
    if any(not p.warning for p in ordered):
        raise BadInput(*ordered)
    return ordered


def _path(root: object, location: Location) -> Path:
    """Follow a location as far as the data goes, skipping what names a member of a union."""
    data: Any = root
    path: Path = ()
    told_apart = False
    for item in location:
        if not told_apart and isinstance(data, dict) and data.get("kind") == item:
            told_apart = True  # the tag that pydantic inserts for a union by `kind`
        elif _holds(data, item):
            data = data[item]
            path = (*path, item)
            told_apart = False
    return path


def _holds(data: object, item: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(item, int) and item < len(data)
    return isinstance(data, dict) and item in data


def _problem(detail: Detail, path: Path, document: Document, root: type[BaseModel], about: str) -> Problem:
    kind, last = str(detail["type"]), detail["loc"][-1] if detail["loc"] else ""
    if kind == "missing":
        about = description_at(root, document.data, (*path, last))
        return missing(document, path, str(last), about)
    if kind == "extra_forbidden":
        known = keys_at(root, document.data, path[:-1])
        hint = near(last, known) or (f"known keys: {', '.join(known)}" if known else "")
        return Problem(Code.UNKNOWN_KEY, f"unknown key {shown(last)}", document.place(path, key=True), hint)
    if kind == "union_tag_not_found":
        return missing(document, path, "kind", about)
    if kind == "union_tag_invalid":
        options = _QUOTED.findall(str(detail["ctx"]["expected_tags"]))
        code, message, hint = _not_one_of(detail["ctx"]["tag"], options, about)
        return Problem(code, message, document.place((*path, "kind")), hint)
    if last == "[key]":
        return Problem(Code.BAD_NAME, f"{shown(path[-1])} is not a name", document.place(path, key=True), NAME_HINT)
    code, message, hint = _value_problem(kind, detail, about or description_at(root, document.data, path))
    if path == ("probity",) and code is Code.NOT_ONE_OF:
        code = Code.WRONG_VERSION
    return Problem(code, message, document.place(path), hint)


NAME_HINT = "a name begins with a letter and has at most 64 letters, digits, dots, dashes and underscores"


def _value_problem(kind: str, detail: Detail, about: str) -> tuple[Code, str, str]:
    value = detail["input"]
    if value is None:
        return Code.EMPTY_VALUE, "a value is missing here", about
    if kind in {"literal_error", "enum"}:
        return _not_one_of(value, _QUOTED.findall(str(detail["ctx"]["expected"])), about)
    if kind == "value_error":
        return _refused(value, str(detail["msg"]).removeprefix("Value error, "), about)
    if kind in _TYPES:
        bare = kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool)
        code = Code.BARE_NUMBER if bare else Code.WRONG_TYPE
        return code, f"{shown(value)} is not {_TYPES[kind]}", _as_list(kind, value) or about
    code = Code.EMPTY_VALUE if kind in {"too_short", "string_too_short"} else Code.MALFORMED
    return code, _PHRASES.get(kind, "{} is not allowed here").format(shown(value)), about or str(detail["msg"])


def _refused(value: Any, reason: str, about: str) -> tuple[Code, str, str]:
    """Return the problem of a value that one of our own validators refused, in the validator's words."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Code.BARE_NUMBER, f"{value} is a bare number", reason
    return (Code.REVERSED if "lies before" in reason else Code.MALFORMED), reason, about


_PHRASES = {
    "too_short": "this must not be empty",
    "string_too_short": "this must not be empty",
    "date_from_datetime_parsing": "{} is not a date; write YYYY-MM-DD",
    "date_parsing": "{} is not a date; write YYYY-MM-DD",
}

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "date_type": "a date",
}


def _not_one_of(value: Any, options: Sequence[str], about: str) -> tuple[Code, str, str]:
    if str(value) in options and not isinstance(value, str):
        return Code.BARE_NUMBER, f"{value} is a bare value here, not text", f'put it in quotes: "{value}"'
    return Code.NOT_ONE_OF, f"{shown(value)} is not one of {listed(options)}", near(value, options) or about


def _as_list(kind: str, value: Any) -> str:
    return f"for a list of one write [{value}]" if kind == "tuple_type" and isinstance(value, str | int) else ""


def _reason(detail: Detail) -> str:
    return str(detail["msg"]).removeprefix("Value error, ")


def shown(value: Any) -> str:
    """Return a value for a message: text in quotes and cut short, lists and mappings by what they are."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    cut = text if len(text) <= MAX_WORD else text[: MAX_WORD - 1] + "…"
    return f"'{cut}'" if isinstance(value, str) else cut
