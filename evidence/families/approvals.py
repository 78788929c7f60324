"""`approvals`: permissions for work on named resources in a window of time.

`scope` is one resource, as `access_events.object` names it; a resource more is a row more. `approver_org` is the
organisation that approved.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, prose, text

FAMILY = Family(
    name="approvals",
    about="who permitted which work on what, and when",
    columns=(
        text("approval_id"),
        text("approver", personal=True),
        text("approver_org"),
        instant("granted_at"),
        instant("valid_from"),
        instant("valid_to"),
        prose(text("scope")),
    ),
)
