"""`log_requests`: when the customer asked for its logs, and when they came."""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, text

FAMILY = Family(
    name="log_requests",
    about="when the customer asked for its logs, and when they came",
    columns=(
        text("request_id"),
        instant("requested_at"),
        optional(instant("delivered_at")),
    ),
)
