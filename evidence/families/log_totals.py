"""`log_totals`: how many records a log should hold, counted by somebody other than who keeps it.

`log` is the family that the log's records are rows of, such as `access_events`.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, text

FAMILY = Family(
    name="log_totals",
    about="how many records a log should hold, counted by somebody other than who keeps it",
    columns=(
        text("meter"),
        text("log"),
        instant("period_start"),
        instant("period_end"),
        number("value"),
    ),
)
