"""`purge_runs`: runs of the jobs that empty caches.

`items_after` counts what was still in the cache when the run finished, `oldest_item_at_after` says when the oldest
of it was cached. `status` is the job's own word; a run that is still going has no `finished_at`.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, optional, text

FAMILY = Family(
    name="purge_runs",
    about="runs of the jobs that empty caches",
    columns=(
        text("cache_id"),
        instant("started_at"),
        optional(instant("finished_at")),
        text("status"),
        optional(number("items_before")),
        optional(number("items_after")),
        optional(instant("oldest_item_at_after")),
    ),
)
