"""`bundle_verifications`: what came of verifying each sealed bundle with keys that were not taken from it.

`period_start` and `period_end` are the audited period, the end not included. `signer` is the key or office whose
signature verified, not a person. `statement_sha256` is the digest of the signed statement, `previous` that of the
bundle before, null for the first.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, optional, text

FAMILY = Family(
    name="bundle_verifications",
    about="what came of verifying each sealed bundle",
    columns=(
        text("bundle"),
        text("run"),
        instant("period_start"),
        instant("period_end"),
        instant("verified_at"),
        boolean("verified"),
        optional(text("reason")),
        optional(text("signer")),
        optional(text("previous")),
        optional(text("statement_sha256")),
    ),
)
