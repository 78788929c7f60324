"""`disclosures`: to whom content was handed, and on which ground.

`legal_basis` is `legal-process` where an authority compelled it, `subprocessing` where the recipient works for the
vendor, and `consent` where the customer agreed. `notice_id` is the notice that announced it to the customer.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, optional, text

FAMILY = Family(
    name="disclosures",
    about="to whom content was handed, and on which ground",
    columns=(
        text("disclosure_id"),
        text("recipient"),
        text("legal_basis", "subprocessing", "consent", "legal-process", "other"),
        instant("disclosed_at"),
        optional(text("notice_id")),
    ),
)
