"""`incidents`: what went wrong with the customer's data, one row for each account of an incident.

`vendor_aware_at` is when the vendor first knew, not when it had confirmed. `reported_by` is whose account this is:
`vendor`, `customer`, `press`, a subprocessor. Several accounts of one incident share its `incident_id`.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, listing, number, optional, text

FAMILY = Family(
    name="incidents",
    about="what went wrong with the customer's data, and who knew when",
    columns=(
        text("incident_id"),
        optional(instant("occurred_at")),
        optional(instant("vendor_aware_at")),
        optional(instant("customer_aware_at")),
        text("reported_by"),
        text("severity"),
        listing("data_classes"),
        optional(boolean("personal_data")),
        optional(number("records")),
    ),
)
