"""Holes in the product that these tests found, each until it is closed: remove a line when its test passes.

A hole is excluded from the drawn damage and has a strict expected failure of its own.
"""

from __future__ import annotations

#: Null values that still give `met`: kind, family, column.
NULLS = frozenset(
    {
        *(
            (kind, "documents", column)
            for kind in ("iso27001-certification", "no-training-use", "soc2-type2-attestation")
            for column in ("document_id", "issuer", "received_at")
        ),
        *(("data-retention-limit", "system_inventory", column) for column in ("kind", "holds_content", "in_scope")),
        *(("no-training-use", "content_hashes", column) for column in ("content_hash", "captured_at")),
    }
)

#: Instants without an offset that still give `met`: kind, family, column.
ZONE_LESS = frozenset({("no-training-use", "content_hashes", "captured_at")})

#: Kinds for which the same document, listed in two files, contradicts itself.
REPEATED_ELSEWHERE = frozenset({"iso27001-certification", "no-training-use", "soc2-type2-attestation"})

#: Empty or blank text that still gives `met`, besides the columns above: kind, family, column.
BLANKS = frozenset(
    {
        ("data-residency", "processing_activity", "activity_id"),
        ("data-residency", "usage_totals", "meter"),
        ("data-retention-limit", "data_lifecycle", "record_id"),
        ("no-training-use", "canary_probes", "canary_id"),
        ("no-training-use", "canary_probes", "committed_hash"),
        ("no-training-use", "canary_probes", "model"),
        ("no-training-use", "training_manifest", "dataset_id"),
    }
)
