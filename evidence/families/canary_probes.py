"""`canary_probes`: planted phrases and how a model ranked them among unsent controls.

`rank` is 1 for the phrase the model found likeliest among `controls` unsent phrases and the canary itself.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, number, text

FAMILY = Family(
    name="canary_probes",
    about="planted phrases and how a model ranked them among unsent controls",
    columns=(
        text("canary_id"),
        text("committed_hash"),
        instant("planted_at"),
        text("model"),
        instant("probed_at"),
        number("rank"),
        number("controls"),
    ),
)
