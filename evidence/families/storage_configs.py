"""`storage_configs`: whether and how a store is encrypted, as its configuration says.

`applies_to` is `all` when everything in the store is encrypted so, and `new-writes` for a default that leaves what was
there before as it was. `algorithm` and `key_id` are those in use.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, optional, text

FAMILY = Family(
    name="storage_configs",
    about="whether and how a store is encrypted, as its configuration says",
    columns=(
        text("resource_id"),
        text("system_id"),
        boolean("encrypted"),
        text("algorithm"),
        text("applies_to", "all", "new-writes"),
        optional(text("key_id")),
        instant("observed_at"),
    ),
)
