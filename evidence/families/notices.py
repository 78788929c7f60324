"""`notices`: what the vendor told the customer, and when it arrived.

`sender` is an organisation or its mailbox, not a person. `incident_id` is what the notice is about: an incident, or the
vulnerability of a `vulnerability` notice. `fields` are the names of the particulars that the notice states (`nature`,
`cause`, `measures` …); a particular left for later is written `cause: TBD` and does not count as stated.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, optional, prose, text

FAMILY = Family(
    name="notices",
    about="what the vendor told the customer, and when it arrived",
    columns=(
        text("notice_id"),
        text("kind"),
        optional(text("incident_id")),
        optional(instant("sent_at")),
        instant("received_at"),
        text("channel"),
        text("sender", personal=True),
        prose(optional(listing("fields"))),
    ),
)
