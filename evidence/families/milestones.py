"""`milestones`: what the vendor has attained on the way to what it promised, and the document that proves it."""

from __future__ import annotations

from evidence.families.schema import Family, date, optional, text

FAMILY = Family(
    name="milestones",
    about="what the vendor has attained, and the document that proves it",
    columns=(
        text("milestone_id"),
        text("goal"),
        optional(date("achieved_on")),
        optional(text("document_id")),
    ),
)
