"""`replication_configs`: rules by which stores would copy content elsewhere, whether or not they have copied any.

`provider` and `region_code` are those of the destination.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, text

FAMILY = Family(
    name="replication_configs",
    about="rules by which stores would copy content elsewhere",
    columns=(
        text("rule_id"),
        text("resource_id"),
        text("provider"),
        text("region_code"),
        boolean("enabled"),
        instant("observed_at"),
    ),
)
