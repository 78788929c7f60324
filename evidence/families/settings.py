"""`settings`: configuration snapshots."""

from __future__ import annotations

from evidence.families.schema import Family, instant, text

FAMILY = Family(
    name="settings",
    about="configuration snapshots",
    columns=(
        text("setting"),
        text("scope"),
        text("value"),
        instant("captured_at"),
    ),
)
