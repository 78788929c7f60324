"""`access_events`: who opened what, and for which purpose."""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, prose, text

FAMILY = Family(
    name="access_events",
    about="who opened what, and for which purpose",
    columns=(
        text("event_id"),
        text("principal", personal=True),
        text("principal_org"),
        prose(text("purpose")),
        text("object"),
        instant("started_at"),
        optional(instant("ended_at")),
        optional(text("approval_id")),
    ),
)
