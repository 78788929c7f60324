"""`delivery_schedule`: which document of compliance is due by when.

A document counts for a slot only if it was issued on `not_before` or later, so that an old one cannot be sent again.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, instant, text

FAMILY = Family(
    name="delivery_schedule",
    about="which document of compliance is due by when",
    columns=(text("slot_id"), text("kind"), date("not_before"), instant("due_at")),
)
