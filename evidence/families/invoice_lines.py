"""`invoice_lines`: what the vendor invoiced, line by line.

`amount_minor` is in the smallest unit of the currency (cents), net of tax; a credit is negative. `termination_id` is
the termination that the line is charged or credited for.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, number, optional, text

FAMILY = Family(
    name="invoice_lines",
    about="what the vendor invoiced, line by line",
    columns=(
        text("invoice_id"),
        text("line_id"),
        text("kind", "fee", "usage", "termination-fee", "credit", "other"),
        number("amount_minor"),
        text("currency"),
        date("issued_on"),
        optional(text("termination_id")),
    ),
)
