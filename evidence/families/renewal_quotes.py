"""`renewal_quotes`: what the vendor asks for the next term, line by line.

Lines, units and prices are stated as in `price_lines`. `renews_on` is the first day of the next term. A quote that the
vendor took back has the instant in `withdrawn_at`.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, instant, number, optional, text

FAMILY = Family(
    name="renewal_quotes",
    about="what the vendor asks for the next term, line by line",
    columns=(
        text("quote_id"),
        text("line"),
        text("unit"),
        text("price", "list", "net"),
        text("currency"),
        number("price_micros"),
        instant("quoted_at"),
        date("renews_on"),
        optional(instant("withdrawn_at")),
    ),
)
