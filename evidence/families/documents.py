"""`documents`: attestations, reports, certificates and letters.

`file_state` is what the gatherer found when it hashed the file itself: `match`, `mismatch` or `absent`.
"""

from __future__ import annotations

from evidence.families.schema import GATHERED, Family, date, instant, listing, optional, prose, text

FAMILY = Family(
    name="documents",
    about="attestations, reports, certificates and letters",
    columns=(
        text("document_id"),
        text("kind"),
        text("issuer"),
        text("holder_entity"),
        listing("services"),
        optional(text("report_type")),
        optional(text("edition")),
        prose(optional(listing("criteria"))),
        prose(optional(text("opinion"))),
        optional(date("period_start")),
        optional(date("period_end")),
        date("issued_on"),
        optional(date("expires_on")),
        optional(text("status")),
        optional(instant("status_checked_at")),
        optional(text("accreditation_body")),
        optional(date("surveillance_audit_on")),
        prose(optional(listing("assertions"))),
        prose(optional(listing("exceptions"))),
        prose(optional(listing("carve_outs"))),
        text("file"),
        text("file_sha256"),
        instant("received_at"),
        text("signature", "valid", "invalid", "none", "unknown-signer"),
        optional(text("signer", personal=True)),
    ),
    gathered=(text("file_state", "match", "mismatch", "absent"), *GATHERED),
)
