"""What a reader demands of a bundle before believing it; an empty or unknown demand is invalid."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StrictBool, ValidationError, field_validator, model_validator

from evidence.canonical import strict_json
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed

DSSE_P256, ML_DSA_65, CADES = "dsse-p256", "ml-dsa-65", "cades"
MAX_POLICY_BYTES = 64 * 1024

ALWAYS_REQUIRED = frozenset({1, 2, 3, 6, 7, 10, 11})  # numbered steps of BUNDLE.md, "Verify"
_HOURS = {"h": 1, "d": 24}


class Person(Closed):
    """Who is known to hold a key, as the reader was told by another channel."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("a name is one line of printable characters")
        return name


class Policy(Closed):
    """The reader's demands. The first four fields have no defaults: leaving one out must not weaken the check.

    `newest_run` gives, by contract, the number of the newest run the reader knows of: an older one is not current.
    `signed_by` and `sealed_by` name the keys accepted for the statement and for the CAdES seal. `seal_level` and
    `time_level` are what the reader holds the pinned roots to be worth; no bundle can say that of itself.
    """

    schema_: Literal["probity.policy/v1"] = Field(alias="schema")
    require: tuple[Literal["dsse-p256", "ml-dsa-65", "cades"], ...]
    time: Literal["local-clock", "rfc3161"]
    ledger: StrictBool
    signed_by: Annotated[tuple[Person, ...], Field(min_length=1)] | None = None
    newest_run: dict[str, Annotated[int, Field(strict=True, ge=1)]] | None = None
    sealed_by: Annotated[tuple[Person, ...], Field(min_length=1)] | None = None
    seal_level: Literal["simple", "advanced", "qualified"] = "simple"
    time_level: Literal["rfc3161", "qualified"] = "rfc3161"
    authorities: Annotated[int, Field(strict=True, ge=1, le=9)] = 1
    not_older_than: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[hd]$")] | None = None

    @field_validator("require")
    @classmethod
    def _names_the_statement(cls, require: tuple[str, ...]) -> tuple[str, ...]:
        if DSSE_P256 not in require or len(set(require)) != len(require):
            raise ValueError(f"must name {DSSE_P256!r}, the signature over the statement, and each seal once")
        return require

    @model_validator(mode="after")
    def _numbers_come_from_a_ledger(self) -> Policy:
        if self.newest_run is not None and not self.ledger:
            raise ValueError("newest_run needs ledger: true, which is where the numbers of runs come from")
        return self

    @property
    def oldest(self) -> timedelta | None:
        """Return `not_older_than` as a duration: whole hours (`36h`) or days of 24 hours (`90d`)."""
        text = self.not_older_than
        return timedelta(hours=int(text[:-1]) * _HOURS[text[-1]]) if text else None

    def required_steps(self) -> frozenset[int]:
        """Return the steps that must have passed; one that did not run counts as failed."""
        demanded = {4: self.time != "local-clock", 5: CADES in self.require, 8: self.ledger}
        return ALWAYS_REQUIRED | {step for step, wanted in demanded.items() if wanted}


def parse(data: bytes, file: str) -> Policy:
    """Read policy.json; BadInput with every problem when it is empty, incomplete or has unknown words."""
    value = strict_json(data, what="policy", error=lambda message: _bad(file, [(message, "")]))
    if not isinstance(value, dict) or not value:
        raise _bad(file, [("a policy must demand something", "an empty policy would accept anything")])
    try:
        return Policy.model_validate(value)
    except ValidationError as cause:
        raise _bad(file, [_explain(error["loc"], error["type"], error["msg"]) for error in cause.errors()]) from cause


def _explain(location: Sequence[int | str], kind: str, message: str) -> tuple[str, str]:
    where = ".".join(str(part) for part in location)
    if kind != "extra_forbidden":
        return f"{where}: {message}", ""
    fields = [field.alias or name for name, field in Policy.model_fields.items()]
    close = difflib.get_close_matches(str(location[-1]), fields, n=1)
    return f"{where}: unknown field", f"did you mean {close[0]!r}?" if close else f"one of {', '.join(fields)}"


def _bad(file: str, problems: Sequence[tuple[str, str]]) -> BadInput:
    return BadInput(*(Problem("T003", message, Place(file), hint) for message, hint in problems))
