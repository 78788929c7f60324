"""`usage_totals`: counts by a meter independent of the evidence they check.

Without `system_id`, `records` counts all in-scope systems together and `requests` counts the processing itself.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, optional, text

FAMILY = Family(
    name="usage_totals",
    about="counts by a meter independent of the evidence they check",
    columns=(
        text("meter"),
        instant("period_start"),
        instant("period_end"),
        optional(text("system_id")),
        text("metric", "requests", "records", "tokens"),
        number("value"),
    ),
)
