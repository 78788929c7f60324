"""`deletion_triggers`: the events after which data had to be deleted and its deletion certified.

Without `scope` every system in scope is meant; without `data_from` and `data_to`, everything captured before.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, instant, listing, optional, text

FAMILY = Family(
    name="deletion_triggers",
    about="the events after which data had to be deleted",
    columns=(
        text("trigger_id"),
        text("trigger", "exit", "request", "retention"),
        instant("occurred_at"),
        optional(listing("scope")),
        optional(date("data_from")),
        optional(date("data_to")),
    ),
)
