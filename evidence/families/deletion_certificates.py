"""`deletion_certificates`: what the vendor certifies to have deleted.

`data_from` and `data_to` are whole days, both included. `method` is a term of NIST SP 800-88 or `crypto-erase`.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, date, instant, listing, number, optional, prose, text

FAMILY = Family(
    name="deletion_certificates",
    about="what the vendor certifies to have deleted",
    columns=(
        text("certificate_id"),
        text("issuer"),
        text("trigger", "exit", "request", "retention"),
        listing("scope_systems"),
        listing("data_classes"),
        date("data_from"),
        date("data_to"),
        optional(number("record_count")),
        text("method", "clear", "purge", "destroy", "crypto-erase"),
        boolean("backups_included"),
        optional(date("backup_expiry")),
        boolean("subprocessors_included"),
        prose(optional(listing("exceptions"))),
        instant("issued_at"),
        optional(instant("due_at")),
        text("file_sha256"),
        text("signature", "valid", "invalid", "none", "unknown-signer"),
        optional(text("signer", personal=True)),
    ),
)
