"""`feature_usage`: which features of the vendor's service were used, with which model.

A row may stand for several requests; without `requests` it stands for one.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, optional, text

FAMILY = Family(
    name="feature_usage",
    about="which features of the vendor's service were used",
    columns=(
        text("feature"),
        optional(text("model")),
        instant("used_at"),
        optional(number("requests")),
    ),
)
