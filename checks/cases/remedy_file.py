"""`remedies.yaml`: what the contract says follows from a breach: cure periods, rights and credits; counsel's file.

Nothing here has a default that the contract would have to state: a number that is missing is not computed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, WithJsonSchema, model_validator

from checks.amounts import Amount, Percent
from checks.codes import Code
from checks.problems import located, refuse
from checks.terms import Exact, Months
from checks.yaml12 import read_yaml
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed

Length = Exact | Months
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)


def _step(value: object) -> Fraction:
    """Read a decimal exactly: binary floats get most steps of a tenth wrong."""
    if isinstance(value, Fraction):
        return value
    match = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if match is None or not Fraction(match[0]):
        raise ValueError('write a decimal number between quotes, such as "0.1"')
    return Fraction(match[0])


Step = Annotated[
    Fraction,
    BeforeValidator(_step),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$", "examples": ["0.1"]}),
]


class Cure(Closed):
    """How long the vendor has to cure a breach, and from when."""

    within: Length = Field(description="30d, or whole months")
    begins: Literal["notice", "sighting"] = Field(description="with the notice of breach, or when it was first seen")


class Right(Closed):
    """A right that arises from incidents and lapses when nobody exercises it; only people exercise it."""

    to: str = Field(min_length=1, max_length=500, description="what may be done: terminate for cause")
    incidents: int = Field(default=1, ge=1, le=1000, description="how many incidents it takes")
    window: Length | None = Field(default=None, description="the time within which they must lie")
    uncured: bool = Field(default=False, description="only incidents that were not cured in time count")
    exercise_within: Length | None = Field(default=None, description="after that the right lapses; never without it")

    @model_validator(mode="after")
    def _several_need_a_window(self) -> Self:
        if self.incidents > 1 and self.window is None:
            raise ValueError("several incidents need a window: within which time do they count together?")
        return self


class Credit(Closed):
    """A credit for each incident: a share of a fee, once or for each step by which the limit was missed."""

    share: Percent = Field(description="of the fee, for each incident or for each step: 2%")
    fee: Amount = Field(description="the fee it is a share of: 85000.00 EUR")
    step: Step | None = Field(default=None, description='the size of a step, in the unit of the measure: "0.1"')
    rounding: Literal["floor", "ceil", "pro_rata"] | None = Field(default=None, description="of a part of a step")
    cap: Percent | None = Field(default=None, description="most of the fee that one incident costs")

    @model_validator(mode="after")
    def _steps_are_rounded_as_agreed(self) -> Self:
        if (self.step is None) != (self.rounding is None):
            raise ValueError("`step` and `rounding` go together: the contract says how a part of a step counts")
        return self


class Terms(Closed):
    """What follows from breaches of one commitment."""

    clause: str = Field(min_length=1, max_length=200, description="where the contract says so")
    cure: Cure | None = None
    right: Right | None = None
    credit: Credit | None = None

    @model_validator(mode="after")
    def _uncured_needs_a_cure(self) -> Self:
        if self.right is not None and self.right.uncured and self.cure is None:
            raise ValueError("a right from uncured breaches needs a cure period")
        return self


class RemedyFile(Closed):
    """The whole file."""

    probity: Literal["remedies/v1"]
    remedies: dict[str, Terms]


def load_remedies(path: Path) -> Mapping[str, Terms]:
    """Return the terms by commitment, or raise `BadInput` with every mistake."""
    try:
        raw = path.read_bytes()
    except OSError as cause:
        raise BadInput(Problem(Code.UNREADABLE, cause.strerror or "cannot be read", Place(str(path)))) from None
    document = read_yaml(raw, str(path))
    problems = list(document.problems)
    try:
        loaded = RemedyFile.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        refuse([*problems, *located(error, document, RemedyFile)])
        raise BadInput(*problems) from None
    refuse(problems)
    return loaded.remedies
