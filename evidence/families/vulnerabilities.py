"""`vulnerabilities`: weaknesses of the vendor's models and systems, from every list that names them.

`discovered_at` is when the vendor first knew; `reported_at` when somebody told it, `published_at` when the public
could know. `patched_at` is when the affected systems were repaired, not when a repair was released. Several accounts of
one weakness share its `vulnerability_id`.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, optional, text

FAMILY = Family(
    name="vulnerabilities",
    about="weaknesses of the vendor's models and systems, who knew when, and when they were repaired",
    columns=(
        text("vulnerability_id"),
        text("severity", "critical", "high", "medium", "low"),
        instant("discovered_at"),
        optional(instant("reported_at")),
        optional(instant("published_at")),
        optional(instant("patched_at")),
        listing("affected"),
        text("reported_by"),
        optional(text("status")),
    ),
)
