"""`settings`: configuration snapshots."""

from __future__ import annotations

from evidence.families.schema import Family, instant, prose, text

FAMILY = Family(
    name="settings",
    about="configuration snapshots",
    columns=(
        text("setting"),
        text("scope"),
        prose(text("value")),
        instant("captured_at"),
    ),
)
