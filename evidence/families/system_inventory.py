"""`system_inventory`: every system that may hold customer content."""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, optional, text

FAMILY = Family(
    name="system_inventory",
    about="every system that may hold customer content",
    columns=(
        text("system_id"),
        text("kind", "log", "trace", "cache", "backup", "store", "index", "abuse-log"),
        boolean("holds_content"),
        boolean("in_scope"),
        optional(text("region_code")),
        optional(instant("valid_from")),
        optional(instant("valid_to")),
    ),
)
