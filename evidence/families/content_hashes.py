"""`content_hashes`: digests of the customer's own content."""

from __future__ import annotations

from evidence.families.schema import Family, instant, text

FAMILY = Family(
    name="content_hashes",
    about="digests of the customer's own content",
    columns=(
        text("content_hash"),
        instant("captured_at"),
    ),
)
