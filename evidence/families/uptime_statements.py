"""`uptime_statements`: how long a component was out in a range, as the owner of a status page states it.

Seconds are as stated. `percent` is text, as it was written: it weighs partial outages in a way of the page's own.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, optional, text

FAMILY = Family(
    name="uptime_statements",
    about="how long a component was out, as the owner of its status page states it",
    columns=(
        text("component"),
        instant("range_start"),
        instant("range_end"),
        number("major_outage_s"),
        number("partial_outage_s"),
        optional(text("percent")),
        text("reported_by"),
    ),
)
