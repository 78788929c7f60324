"""`audit_requests`: audits the customer asked for, what the vendor answered, and what became of the findings.

`conditions` are what the vendor made its consent depend on. `findings` are the open points of the audit by name; an
empty list says there were none. `findings_closed_at` is when the last of them was closed.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, optional, prose, text

FAMILY = Family(
    name="audit_requests",
    about="audits asked for, what the vendor answered, and when findings were closed",
    columns=(
        text("request_id"),
        instant("requested_at"),
        prose(text("scope")),
        text("answer", "pending", "granted", "refused"),
        optional(instant("answered_at")),
        prose(optional(listing("conditions"))),
        optional(instant("performed_at")),
        prose(optional(listing("findings"))),
        optional(instant("findings_due_at")),
        optional(instant("findings_closed_at")),
    ),
)
