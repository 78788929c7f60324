"""Money and percentages in contracts: exact, with a unit, and never a binary fraction."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from checks.amounts import Amount, Percent

MONEY: TypeAdapter[Amount] = TypeAdapter(Amount)
PERCENT: TypeAdapter[Percent] = TypeAdapter(Percent)


@pytest.mark.parametrize(
    ("text", "minor", "scale"),
    [("850000.00 EUR", 85_000_000, 100), ("0.1 EUR", 10, 100), ("7 JPY", 7, 1), ("1.234 KWD", 1234, 1000)],
)
def test_an_amount_is_a_whole_number_of_the_smallest_unit(text: str, minor: int, scale: int) -> None:
    amount = MONEY.validate_python(text)
    assert (amount.minor, amount.scale, amount.text) == (minor, scale, text)


@pytest.mark.parametrize(
    "text", ["850000.00", "1.005 EUR", "0.5 JPY", "1,000 EUR", "-1 EUR", "1 euro", "", 850000.0, 5]
)
def test_an_amount_without_a_currency_or_with_too_many_decimals_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        MONEY.validate_python(text)


@pytest.mark.parametrize(("text", "steps"), [("5%", 500), ("2.5 %", 250), ("0.01%", 1), ("150%", 15_000)])
def test_a_percentage_is_a_whole_number_of_hundredths_of_a_percent(text: str, steps: int) -> None:
    assert PERCENT.validate_python(text).steps == steps


@pytest.mark.parametrize("text", ["5", "5.001%", "five%", "-5%", 5, 0.05])
def test_a_percentage_without_its_sign_or_with_too_many_decimals_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        PERCENT.validate_python(text)
