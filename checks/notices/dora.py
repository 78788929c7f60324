"""The form of Implementing Regulation (EU) 2025/302 annex II: its 76 fields by number, with what is known for each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Literal

from checks.notices.sheet import Sheet, indented
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed

Phase = Literal["initial", "intermediate", "final"]
#: What fields are filled with where nobody states them by number (`dora-2.4`).
FROM_FACTS: Mapping[str, str] = {
    "1.2": "entity_name",
    "1.3": "entity_code",
    "1.4": "entity_type",
    "1.7": "contact_name",
    "1.8": "contact_email",
    "1.9": "contact_phone",
    "1.10": "second_contact_name",
    "1.11": "second_contact_email",
    "1.12": "second_contact_phone",
    "1.13": "parent_name",
    "1.14": "parent_code",
    "1.15": "currency",
    "2.4": "description",
    "3.2": "occurred",
    "3.3": "recovered",
    "3.35": "indicators",
    "4.5": "root_cause",
    "4.8": "resolved",
}
_KINDS = {
    "boolean": r"Yes|No",
    "currency": r"[A-Z]{3}",
    "countries": r"[A-Z]{2}(; ?[A-Z]{2})*",
    "instant": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z?",
    "duration": r"\d{2,3}:[0-2]\d:[0-5]\d",
    "percent": r"\d{1,3}([.,]\d)?",
    "money": r"\d{1,12}([.,]\d{1,3})?",
    "integer": r"\d{1,12}",
    "lei": r"[A-Z0-9]{18}\d{2}",
}


class Field(Closed):
    """One field; for each phase `yes`, `no`, or the condition under which it is filled in."""

    number: str
    name: str
    initial: str
    intermediate: str
    final: str
    kind: str
    choices: tuple[str, ...] = ()

    def asked(self, phase: Phase) -> str:
        """Return whether the phase asks for it: `yes`, `no`, or a condition."""
        return {"initial": self.initial, "intermediate": self.intermediate, "final": self.final}[phase]


@cache
def fields() -> tuple[Field, ...]:
    """Return the 76 fields in order."""
    text = resources.files("checks.notices").joinpath("dora_2025_302.toml").read_text("utf-8")
    return tuple(Field.model_validate(each) for each in tomllib.loads(text)["field"])


def form(sheet: Sheet, phase: Phase, known: Mapping[str, str]) -> str:
    """Return the form of a phase, a line a field with its number; `known` is what the case knows by itself.

    A field that must be there and is not known says so; a conditional one without a value says on what it depends; one
    that the phase does not ask for is left out. `BadInput` for a value that a field cannot have, and for a number of
    no field.
    """
    numbers = {field.number for field in fields()}
    given = {name.removeprefix("dora-"): text for name, text in sheet.facts.items() if name.startswith("dora-")}
    problems = [
        Problem("B026", f"there is no field {number[:10]!r}", Place(f"dora-{number[:10]}"), "fields are 1.1 to 4.16")
        for number in given
        if number not in numbers
    ]
    lines: list[str] = []
    for field in fields():
        asked = field.asked(phase)
        if asked == "no":
            continue
        value = given.get(field.number) or known.get(field.number) or _of_fact(sheet, field)
        if value is not None:
            problems += _wrong(field, value)
        lines.append(_line(sheet, field, asked, value))
    if problems:
        raise BadInput(*problems)
    return "\n".join(lines)


def _of_fact(sheet: Sheet, field: Field) -> str | None:
    name = FROM_FACTS.get(field.number)
    return sheet.facts.get(name) if name else None


def _line(sheet: Sheet, field: Field, asked: str, value: str | None) -> str:
    label = f"{field.number} {field.name}"
    if value is not None:
        return f"{label}: {indented(value)}"
    if asked == "yes":
        return f"{label}: {sheet.missing(f'dora-{field.number}')}"
    return f"{label}: not stated; filled in {asked}"


def _wrong(field: Field, value: str) -> Sequence[Problem]:
    """Return what is wrong with a value, by the kind of its field."""
    place = Place(f"dora-{field.number}")
    if field.choices:
        parts = [part.strip() for part in value.split(";")] if field.kind == "choices" else [value]
        hint = f"one of: {'; '.join(field.choices)}"
        return [Problem("B026", f"{p[:60]!r} is no choice", place, hint) for p in parts if p not in field.choices]
    pattern = _KINDS.get(field.kind)
    if pattern is not None and not re.fullmatch(pattern, value, re.ASCII):
        return [Problem("B026", f"{value[:60]!r} is no {field.kind}", place, f"its form is {pattern}")]
    if field.kind == "lei" and not is_lei(value):
        return [Problem("B026", f"{value!r} is no LEI: its check digits do not fit", place)]
    return []


def is_lei(text: str) -> bool:
    """Return whether the check digits of an LEI fit (ISO 17442-1, ISO/IEC 7064 MOD 97-10)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1
