"""`tenancy`: whose content lies in which resource, and what keeps it apart.

A resource that several tenants share has a row for each. The `resource_id` of a whole system is its `system_id`;
`isolation` is what separates the tenants of the resource.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, text

FAMILY = Family(
    name="tenancy",
    about="whose content lies in which resource, and what keeps it apart",
    columns=(
        text("resource_id"),
        text("tenant_id"),
        text("isolation", "dedicated", "logical", "none"),
        instant("observed_at"),
    ),
)
