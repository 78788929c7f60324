"""`subprocessors`: whom the vendor lets touch customer data, and where."""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, optional, prose, text

FAMILY = Family(
    name="subprocessors",
    about="whom the vendor lets touch customer data, and where",
    columns=(
        text("name"),
        listing("countries"),
        prose(text("purpose")),
        instant("listed_at"),
        optional(instant("effective_at")),
        optional(text("notice_id")),
    ),
)
