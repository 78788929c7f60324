"""Money and percentages as contracts write them, held in whole steps: binary fractions get most cents wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

#: Currencies whose smallest unit is not a hundredth, by its number of decimals (ISO 4217); all others have two.
DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
#: Steps of one percent.
PERCENT = 100

_MONEY = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))? ?([A-Z]{3})")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as written, and as a whole number of the currency's smallest unit."""

    text: str
    minor: int
    currency: str

    @property
    def scale(self) -> int:
        """Return how many of the smallest unit make one of the currency."""
        return int(10 ** DECIMALS.get(self.currency, 2))


@dataclass(frozen=True, slots=True)
class Percentage:
    """A percentage as written, and in hundredths of a percent."""

    text: str
    steps: int


def amount_text(minor: str, scale: int) -> str:
    """Return the SQL of an amount in words: a column of the smallest unit, not negative, written with its decimals."""
    whole = f"CAST(({minor}) // {scale} AS VARCHAR)"
    digits = [f"CAST(({minor}) // {10**n} % 10 AS VARCHAR)" for n in reversed(range(len(str(scale)) - 1))]
    return "(" + " || ".join([whole, *(["'.'"] if digits else []), *digits]) + ")"


def _money(value: object) -> Money:
    if isinstance(value, Money):
        return value
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not an amount; write digits and an ISO 4217 currency, such as 850000.00 EUR")
    decimals = DECIMALS.get(match[3], 2)
    fraction = match[2] or ""
    if len(fraction) > decimals:
        raise ValueError(f"{match[3]} has {decimals} decimals, not {len(fraction)}")
    return Money(match[0], int(match[1] + fraction.ljust(decimals, "0")), match[3])


def _percentage(value: object) -> Percentage:
    if isinstance(value, Percentage):
        return value
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a percentage; write at most two decimals and the sign, such as 5% or 2.5%")
    return Percentage(match[0], int(match[1] + (match[2] or "").ljust(2, "0")))


_text: Any = PlainSerializer(lambda v: v.text, return_type=str)

#: An amount of money: digits and a currency.
Amount = Annotated[
    Money,
    BeforeValidator(_money),
    _text,
    WithJsonSchema(
        {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,3})? ?[A-Z]{3}$", "examples": ["850000.00 EUR"]}
    ),
]
#: A percentage with its sign.
Percent = Annotated[
    Percentage,
    BeforeValidator(_percentage),
    _text,
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,2})? ?%$", "examples": ["5%"]}),
]
