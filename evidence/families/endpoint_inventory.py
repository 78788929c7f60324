"""`endpoint_inventory`: every endpoint that content passes, between services of the vendor too."""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, machine, optional, text

FAMILY = Family(
    name="endpoint_inventory",
    about="every endpoint that content passes, between services of the vendor too",
    columns=(
        machine(text("endpoint")),
        text("exposure", "public", "internal"),
        boolean("in_scope"),
        optional(instant("valid_from")),
        optional(instant("valid_to")),
    ),
)
