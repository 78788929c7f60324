"""`data_lifecycle`: when each record holding content was captured, deleted or last seen.

`record_id` names the content itself: a copy of the same content in another system carries the same id. Where nobody
saw the deletion itself, `gone_by` is an instant after `snapshot_at` by which the record was seen to be there no more.
Beside a hard deletion, `snapshot_at` is the time of the export and no sighting.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, text

FAMILY = Family(
    name="data_lifecycle",
    about="when each record holding content was captured, deleted or last seen",
    columns=(
        text("system_id"),
        text("record_id"),
        text("content_class", "prompt", "output", "derived", "metadata"),
        instant("captured_at"),
        optional(instant("deleted_at")),
        optional(text("delete_kind", "hard", "crypto", "soft")),
        optional(instant("snapshot_at")),
        optional(text("consent_id")),
        optional(instant("gone_by")),
    ),
)
