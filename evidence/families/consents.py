"""`consents`: the one register behind every "unless permitted" clause.

`granted_by` is the office or organisation that consented, not a person's name.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, prose, text

FAMILY = Family(
    name="consents",
    about='the one register behind every "unless permitted" clause',
    columns=(
        text("consent_id"),
        prose(text("purpose")),
        text("granted_by"),
        instant("granted_at"),
        optional(instant("expires_at")),
        prose(text("scope")),
    ),
)
