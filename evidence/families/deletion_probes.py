"""`deletion_probes`: what we made, deleted and looked for again at a vendor's.

`seen_at` is when the reading credential got it, before it was deleted; `outcome` is what the same question brought
after the limit: `gone` (a 404, while a twin that was not deleted was still there), `found`, or `unproven`. A 404 says
nothing of copies: no clause is met by one. `reader_may_delete` says that the reading credential could have deleted it.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, number, optional, text

FAMILY = Family(
    name="deletion_probes",
    about="what was made, deleted and looked for again at a vendor's; a 404 is no proof of deletion",
    columns=(
        text("probe_id"),
        text("system_id"),
        instant("created_at"),
        instant("seen_at"),
        instant("deleted_at"),
        optional(instant("looked_at")),
        text("outcome", "gone", "found", "unproven"),
        optional(number("limit_s")),
        optional(number("clock_uncertainty_ms")),
        boolean("reader_may_delete"),
    ),
)
