"""`export_jobs`: exports of its data that the customer asked for, and what was delivered.

`records` is what the customer counted in the delivered file by reading it, and `received_sha256` what it computed over
the file; `stated_sha256` is the vendor's. `data_from` and `data_to` are the first and last day of the exported data. A
delivery that was repeated has a row more, with the same `export_id`.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, instant, listing, number, optional, text

FAMILY = Family(
    name="export_jobs",
    about="exports that the customer asked for, and what was delivered",
    columns=(
        text("export_id"),
        instant("requested_at"),
        listing("systems"),
        optional(date("data_from")),
        optional(date("data_to")),
        optional(instant("delivered_at")),
        optional(text("format")),
        optional(number("records")),
        optional(text("stated_sha256")),
        optional(text("received_sha256")),
    ),
)
