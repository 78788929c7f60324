"""`processing_activity`: where something was done with customer data."""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, optional, text

FAMILY = Family(
    name="processing_activity",
    about="where something was done with customer data",
    columns=(
        text("activity_id"),
        text("activity", "process", "store", "backup", "replicate", "log", "support_access", "key"),
        instant("occurred_at"),
        text("provider"),
        text("region_code"),
        optional(text("source_region")),
        optional(text("model")),
        optional(text("resource_id")),
        optional(text("actor", personal=True)),
        optional(text("request_id")),
        optional(text("outcome", "ok", "blocked", "throttled", "denied", "error")),
        optional(number("input_tokens")),
        optional(number("output_tokens")),
        optional(text("tls_version")),
    ),
)
