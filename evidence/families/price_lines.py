"""`price_lines`: unit prices that are or were in force, line by line.

`price_micros` is the price of one `unit` in millionths of the currency, because token prices lie below a cent. `price`
says which price it is: `list` before discounts, `net` what is paid. `line` is called alike in every card and quote.
`effective_to` is the last day. `quantity` is how many units are expected, which weighs the line in a basket.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, number, optional, text

FAMILY = Family(
    name="price_lines",
    about="unit prices that are or were in force",
    columns=(
        text("card_id"),
        text("line"),
        text("unit"),
        text("price", "list", "net"),
        text("currency"),
        number("price_micros"),
        date("effective_from"),
        date("effective_to"),
        optional(number("quantity")),
    ),
)
