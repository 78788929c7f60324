"""`access_tickets`: the work for which content was opened, as the ticket says that an access names.

An access names its ticket in `approval_id`. A ticket that is still open has no `closed_at`.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, prose, text

FAMILY = Family(
    name="access_tickets",
    about="the work for which content was opened, as its ticket says",
    columns=(
        text("ticket_id"),
        prose(text("purpose")),
        instant("opened_at"),
        optional(instant("closed_at")),
    ),
)
