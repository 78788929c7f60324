"""`region_catalogue`: which country a provider's region code lies in.

Ships with the product; evidence may add codes and may never move one.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, optional, text

FAMILY = Family(
    name="region_catalogue",
    about="which country a provider's region code lies in",
    columns=(
        text("provider"),
        text("region_code"),
        text("country"),
        text("partition"),
        optional(date("valid_from")),
    ),
)
