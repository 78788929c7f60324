"""`audit_log`: who did what, when."""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, optional, text

FAMILY = Family(
    name="audit_log",
    about="who did what, when",
    columns=(
        text("event_id"),
        optional(number("seq_no")),
        instant("occurred_at"),
        text("actor", personal=True),
        text("actor_type"),
        text("action"),
        optional(text("resource")),
        optional(text("request_id")),
        optional(text("model")),
        optional(text("region_code")),
        text("outcome"),
        optional(text("prev_hash")),
    ),
)
