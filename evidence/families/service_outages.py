"""`service_outages`: when a vendor's status page says that a service was not well; no account of a data breach.

`state` is the page's word for a component, `impact` its word for a whole incident. `started_at` is null where the page
does not say since when, `ended_at` where it had not ended when the page was read, at `observed_at`. `announced_at` is
when planned work was announced. `reported_by` is `vendor`: a page says what its owner wants to be said.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, text

FAMILY = Family(
    name="service_outages",
    about="when a vendor's status page says that its service was not well; never of data",
    columns=(
        text("outage_id"),
        optional(text("incident_id")),
        text("page"),
        optional(text("component")),
        optional(text("state", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")),
        optional(text("impact", "none", "minor", "major", "critical", "maintenance")),
        optional(instant("started_at")),
        optional(instant("ended_at")),
        optional(instant("announced_at")),
        instant("observed_at"),
        text("reported_by"),
    ),
)
