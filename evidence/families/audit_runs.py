"""`audit_runs`: the slots of the customer's own audit schedule, with what became of each.

A slot that was missed is a row too. The window, from `window_start` up to but without `window_end`, is the time whose
evidence the run judged.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, text

FAMILY = Family(
    name="audit_runs",
    about="the slots of the customer's own audit schedule",
    columns=(
        text("schedule_id"),
        instant("scheduled_for"),
        optional(instant("started_at")),
        optional(instant("finished_at")),
        text("status"),
        optional(instant("window_start")),
        optional(instant("window_end")),
        optional(text("bundle_sha256")),
    ),
)
