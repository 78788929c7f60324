"""`deletion_requests`: what the customer asked to have deleted, what the vendor said, and what a search found after.

`systems` are where the content was; `searched_systems` where it was looked for after completion, and `found_systems`
where some of it, or something derived from it, was still found. An empty list says nothing was found, a null nothing.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, optional, text

FAMILY = Family(
    name="deletion_requests",
    about="what was to be deleted on request, when it was, and what a search found afterwards",
    columns=(
        text("request_id"),
        optional(text("subject_ref", personal=True)),
        instant("submitted_at"),
        optional(instant("acknowledged_at")),
        optional(instant("completed_at")),
        listing("systems"),
        optional(instant("searched_at")),
        optional(listing("searched_systems")),
        optional(listing("found_systems")),
        optional(text("certificate_id")),
    ),
)
