"""`encryption_keys`: snapshots of which keys protect whose content, and where the keys are.

`tenant_ids` are all tenants whose content the key protects. `master_key_id` is the key that wraps this one, and the key
itself where nothing wraps it: an alias of its own on a shared master is not a key of its own. `resource_ids` are the
stores that the key encrypts; where a system has no stores of its own names, its `system_id`.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, optional, text

FAMILY = Family(
    name="encryption_keys",
    about="which keys protect whose content, and what wraps them",
    columns=(
        text("key_id"),
        listing("tenant_ids"),
        text("master_key_id"),
        optional(text("region_code")),
        text("algorithm"),
        text("state", "enabled", "disabled", "pending-deletion", "destroyed"),
        listing("resource_ids"),
        instant("observed_at"),
    ),
)
