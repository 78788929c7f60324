"""`training_manifest`: what the vendor says its training data consisted of."""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, text

FAMILY = Family(
    name="training_manifest",
    about="what the vendor says its training data consisted of",
    columns=(
        text("dataset_id"),
        optional(text("content_hash")),
        optional(text("tenant_id")),
        instant("cutoff"),
    ),
)
